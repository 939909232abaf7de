// Texts in logfmt: what is quoted, what is escaped and what a key may hold, exactly as go-logfmt 0.6.1 has it.

// Besides what ends a value: U+FFFD, which Go reads for invalid UTF-8, and halves of pairs (Cs), which are just that.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
const special = /[\x00-\x20="\x7f\ufffd\p{Cs}]/u
const specials = new RegExp(special, 'gu')
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
const escaped = /[\x00-\x1f"\\\x7f\ufffd\p{Cs}]/u
const escapes = new RegExp(escaped, 'gu')

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

// Up to here looking at each character is faster than the start of a regular expression.
const shortChars = 24

/** A text as a value: quoted when it must be, and where a reader would take it for the absence of a value. */
export function valueText(text: string): string {
  const { length } = text
  if (length > shortChars) return special.test(text) ? inQuotes(text) : text
  let isQuoted = false
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x20 || code === 0x3d) isQuoted = true
    else if (code < 0x20 || code === 0x22 || code === 0x5c || code === 0x7f || code >= 0xd800) {
      return special.test(text) ? inQuotes(text) : text
    }
  }
  if (isQuoted) return `"${text}"`
  return text === 'null' ? '"null"' : text
}

/** A text as a key: without what no key may hold. `_` when nothing is left of it. */
export function keyText(key: string): string {
  return special.test(key) ? key.replaceAll(specials, '') || '_' : key || '_'
}

function inQuotes(text: string): string {
  return escaped.test(text) ? `"${text.replaceAll(escapes, escapeOf)}"` : `"${text}"`
}

function escapeOf(char: string): string {
  const short = shortEscapes[char]
  if (short !== undefined) return short
  const code = char.charCodeAt(0)
  return `\\u${(code >= 0xd800 ? 0xfffd : code).toString(16).padStart(4, '0')}`
}
