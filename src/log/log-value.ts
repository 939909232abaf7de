// What a record may hold, and how much of it.

/** What a field may hold beside lists and objects of the same. `undefined` is left out by sinks. */
export type LogValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | Uint8Array
  | LoggedError
  | readonly LogValue[]
  | { readonly [key: string]: LogValue }

/** The fields of a record, in order. */
export type LogFields = { readonly [key: string]: LogValue }

/** An error as it is logged. */
export class LoggedError {
  /** Its message and those of its causes, as in `order failed: connect ECONNREFUSED 127.0.0.1:5432`. */
  readonly text: string
  /** Name, message, code, stack, causes, as plain values. */
  readonly details: { readonly [key: string]: LogValue }

  constructor(text: string, details: { readonly [key: string]: LogValue }) {
    this.text = text
    this.details = details
  }
}

/** How much is logged: beyond it a mark says how much was left out. */
export const logLimits = {
  /** Of one text, the message among them. */
  stringChars: 8_192,
  keyChars: 256,
  /** Of one piece of binary data. */
  bytes: 4_096,
  depth: 6,
  /** Of one list or object. */
  items: 100,
  causes: 8,
  /** Of one field, in characters: all texts and keys within it, and `valueChars` for each value. */
  fieldChars: 16_384,
  /** Of a record's own fields together, and once more of those that were bound before. */
  recordChars: 65_536,
  /** What a value counts for beside its text. */
  valueChars: 16,
  /** What each binding counts for beside its fields: chains stay short enough to be followed. */
  bindingChars: 640,
} as const

/** Adds a member, `__proto__` too, which otherwise would be none. */
export function addMember<T>(members: Record<string, T>, key: string, value: T): void {
  if (key !== '__proto__') members[key] = value
  else Object.defineProperty(members, key, { value, enumerable: true, configurable: true, writable: true })
}

/** A text of a bounded length. */
export function logText(text: string, mostChars: number = logLimits.stringChars): string {
  if (text.length <= mostChars) return text
  // A pair that stands for one character is not cut in two.
  const end = isHighSurrogate(text.charCodeAt(mostChars - 1)) ? mostChars - 1 : mostChars
  return `${text.slice(0, end)}…(${text.length - end} more)`
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff
}

/** The base64 text of bytes. */
export function base64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** A value within a line of text: texts as they are, all else as JSON. */
export function textOf(value: LogValue): string {
  if (typeof value === 'string') return value
  if (value instanceof LoggedError) return value.text
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  if (typeof value === 'object' && value !== null) return JSON.stringify(plain(value))
  return String(value)
}

/** A value as JSON takes it. */
export function plain(value: LogValue): unknown {
  return value instanceof LoggedError ? value.details : value instanceof Uint8Array ? base64(value) : value
}
