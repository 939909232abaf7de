// Texts for a terminal: nothing that a program logs, and so nothing that a stranger sends it, may move the cursor, ring, hide or turn text.
import { LoggedError, type LogValue, plain, textOf } from '../log-value.ts'

// Control characters but the tab (Cc), what turns the direction of text (Bidi_Control), what breaks lines, and halves of pairs (Cs).
const unsafe = /(?!\t)[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff\p{Cs}]/gu
const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r' }

/** A text on one line, with escapes in place of what would do something to a terminal. */
export function shown(text: string): string {
  return text.replaceAll(unsafe, escapeOf)
}

/** The lines of a text, each as `shown` has it. */
export function linesOf(text: string): readonly [first: string, ...others: readonly string[]] {
  const [first = '', ...others] = text.split(/\r?\n/).map(shown)
  return [first, ...others]
}

/** Whether a value is a list or an object. */
export function isTree(value: LogValue): boolean {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array || value instanceof LoggedError)
}

/** A list or an object on as many lines as it takes. */
export function treeLines(value: LogValue): readonly string[] {
  return linesOf(JSON.stringify(plain(value), undefined, 2))
}

/** A value on one line. Texts are in quotes where one could not see otherwise where they end, or that they are texts. */
export function valueText(value: LogValue): string {
  const text = textOf(value)
  if (isTree(value)) return shown(text)
  return typeof value === 'string' || value instanceof Uint8Array ? bareOrQuoted(text) : text
}

/** A key on one line. */
export function keyText(key: string): string {
  return bareOrQuoted(key)
}

function bareOrQuoted(text: string): string {
  const isBare = /^[^\s"=]+$/.test(text) && text !== 'null' && shown(text) === text
  return isBare ? text : shown(JSON.stringify(text))
}

function escapeOf(char: string): string {
  return shortEscapes[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}
