// Values in JSON, such that a line of it stays one line for whatever reads it.
import { type LogValue, plain } from '../log-value.ts'

/** A value as JSON: of what a record may hold nothing makes it throw. */
export function jsonText(value: LogValue): string {
  switch (typeof value) {
    case 'string':
      return quoted(value)
    case 'number':
      return Number.isFinite(value) ? String(value) : `"${value}"`
    case 'boolean':
      return value ? 'true' : 'false'
    default:
      return value === null ? 'null' : onOneLine(JSON.stringify(plain(value)))
  }
}

// Up to here looking at each character is faster than calling JSON.stringify.
const shortChars = 16

/** A text in quotes. */
export function quoted(text: string): string {
  const { length } = text
  if (length > shortChars) return onOneLine(JSON.stringify(text))
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code === 0x22 || code === 0x5c || code === 0x85 || code >= 0x2028)
      return onOneLine(JSON.stringify(text))
  }
  return `"${text}"`
}

/** Escapes NEL and the separators of lines and paragraphs, which JSON allows in texts and at which some readers break lines. */
function onOneLine(json: string): string {
  // In a text of Latin-1, as nearly all are, V8 need not look for them.
  if (!json.includes('\x85') && !json.includes('\u2028') && !json.includes('\u2029')) return json
  return json.replaceAll('\x85', '\\u0085').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}
