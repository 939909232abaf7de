// Texts as syslog takes them: headers of printable ASCII, messages without control characters, and parameters of structured data.

/** Control characters, those beyond ASCII among them, and what else ends lines somewhere. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
const control = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/
const controls = new RegExp(control, 'g')
const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * A text without control characters: `\n`, `\u001b` and the like stand for them. RFC 5424, 6.4 and 8.2: they SHOULD not be there, receivers
 * change each in its own way, and in frames that a line feed ends they would end one.
 */
export function visible(text: string): string {
  return control.test(text) ? text.replaceAll(controls, escapeOf) : text
}

function escapeOf(char: string): string {
  return shortEscapes[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** A field of the header: printable ASCII without spaces, `_` for each other character; `-`, which stands for nothing, where it is empty. RFC 5424, 6. */
export function headerText(text: string, mostChars: number): string {
  return text.replaceAll(/[^!-~]/gu, '_').slice(0, mostChars) || '-'
}

/** As `headerText`, for the tag of RFC 3164, which ends at `[`, `:` and whatever else is no part of a name. */
export function tagText(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_./-]/gu, '_').slice(0, 32) || '-'
}

/** The name of a parameter: `_` for each character that none may have. RFC 5424, 6.3.3. */
export function paramName(key: string): string {
  return key.replaceAll(/[^!-~]|[="\]]/gu, '_').slice(0, 32) || '_'
}

/** The value of a parameter, without its quotes. RFC 5424, 6.3.3. */
export function paramValue(text: string): string {
  const shown = visible(text)
  return /["\\\]]/.test(shown) ? shown.replaceAll(/["\\\]]/g, '\\$&') : shown
}
