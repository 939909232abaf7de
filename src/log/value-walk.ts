// How whatever a program logs becomes what a record may hold: never throwing, never endless, and without secrets.
import { ErrorLine } from './error-line.ts'
import { type ErrorParts, errorParts, headline, lineOf, simpleKeys } from './error-parts.ts'
import { firstOf, guarded, isError, isMapLike, threw } from './guarded.ts'
import { addMember, base64, LoggedError, type LogValue, logLimits, logText, textOf } from './log-value.ts'
import { bigintText, bytesOf, objectText, unboxed } from './object-text.ts'
import type { HiddenPaths, Redactor } from './redact.ts'
import { shownHeaders, shownPair } from './shown-pair.ts'

/** Makes a safe value of whatever was logged. */
export function logValue(value: unknown, redactor: Redactor | undefined, paths?: HiddenPaths): LogValue {
  return new ValueWalk(redactor, logLimits.recordChars).top(value, paths)
}

// Kept for the line of text that an error comes to, when the details of its causes take all the rest.
const errorTextChars = 2_048

/** A walk through the values of one record, with the room that there is for them. */
export class ValueWalk {
  readonly #redactor: Redactor | undefined
  /** The objects that are being walked, to find those that hold themselves. */
  readonly #open: object[] = []
  #left: number

  constructor(redactor: Redactor | undefined, roomChars: number) {
    this.#redactor = redactor
    this.#left = roomChars
  }

  /** How much room is left, in characters. All is bounded because whatever is added takes some, and nothing is added when none is left. */
  get left(): number {
    return this.#left
  }

  /** A value by itself. */
  top(value: unknown, paths: HiddenPaths | undefined): LogValue {
    const kept = Math.max(0, this.#left - logLimits.fieldChars)
    this.#left -= kept
    try {
      return this.#value(value, paths, 0)
    } finally {
      this.#left += kept
    }
  }

  /** A field of the record: its value is read only when it may be shown. */
  field(key: string, read: () => unknown): LogValue {
    return this.#member(key, read, this.#redactor?.paths, 0)
  }

  #member(key: string, read: () => unknown, paths: HiddenPaths | undefined, depth: number): LogValue {
    const inner = this.#redactor?.within(paths, key)
    if (this.#hides(key, inner)) return this.#censored()
    const value = shownHeaders(key, guarded(read), this.#redactor)
    return depth === 0 ? this.top(value, inner) : this.#value(value, inner, depth)
  }

  #value(value: unknown, paths: HiddenPaths | undefined, depth: number): LogValue {
    this.#left -= logLimits.valueChars
    switch (typeof value) {
      case 'string':
        return this.#text(value)
      case 'number':
        // Within lists and objects, which formats take as a whole, there must be nothing that JSON lacks.
        return depth === 0 || Number.isFinite(value) ? value : String(value)
      case 'boolean':
      case 'undefined':
        return value
      case 'bigint':
        return this.#text(bigintText(value))
      case 'symbol':
        return this.#text(String(value))
      case 'function':
        return `[function ${this.#text(guarded(() => String(value.name)))}]`
      default:
        return value === null ? null : this.#object(value as object, paths, depth)
    }
  }

  #object(value: object, paths: HiddenPaths | undefined, depth: number): LogValue {
    if (this.#open.includes(value)) return '[circular]'
    if (depth > logLimits.depth) return '[too deep]'
    if (this.#left <= 0) return '[too much]'
    this.#open.push(value)
    try {
      return this.#walked(value, paths, depth)
    } catch (thrown) {
      return this.#text(threw(thrown))
    } finally {
      this.#open.pop()
    }
  }

  #walked(value: object, paths: HiddenPaths | undefined, depth: number): LogValue {
    if (Array.isArray(value)) return this.#list(value, value.length, paths, depth)
    if (isError(value)) return this.#error(value, paths, depth)
    if (value instanceof ErrorLine) return this.#text(textOf(logValue(value.thrown, this.#redactor, paths)))
    const text = objectText(value, this.#redactor)
    if (text !== undefined) return this.#text(text)
    const primitive = unboxed(value)
    if (primitive !== value) return this.#value(primitive, paths, depth)
    const bytes = bytesOf(value)
    if (bytes !== undefined) return this.#bytes(bytes, depth)
    if (ArrayBuffer.isView(value)) {
      const numbers = value as unknown as ArrayLike<unknown>
      return this.#list(numbers, numbers.length, paths, depth)
    }
    if (value instanceof Map) return this.#pairs(value, value.size, paths, depth)
    if (value instanceof Set) return this.#list(firstOf(value), value.size, paths, depth)
    const { toJSON } = value as { readonly toJSON?: unknown }
    // What it gives may be the same object again, or another one like it: that is one level deeper each time.
    if (typeof toJSON === 'function') {
      const given: unknown = toJSON.call(value)
      if (given !== value) return this.#value(given, paths, depth + 1)
    }
    return this.#plainObject(value, paths, depth)
  }

  #list(items: ArrayLike<unknown>, size: number, paths: HiddenPaths | undefined, depth: number): LogValue {
    const list: LogValue[] = []
    const end = Math.min(items.length, logLimits.items)
    while (list.length < end && this.#left > 0) {
      const index = list.length
      const inner = this.#redactor?.within(paths, String(index))
      const item = guarded(() => items[index])
      list.push(inner?.isHidden ? this.#censored() : this.#value(shownPair(item, this.#redactor), inner, depth + 1))
    }
    if (size > list.length) list.push(`…(${this.#more(size - list.length)})`)
    return list
  }

  #pairs(
    entries: Iterable<unknown>,
    size: number | undefined,
    paths: HiddenPaths | undefined,
    depth: number,
  ): LogValue {
    const members: Record<string, LogValue> = {}
    const shown = firstOf(entries)
    let count = 0
    for (const entry of shown) {
      if (this.#left <= 0) break
      count++
      const [named, value] = entry as readonly [unknown, unknown]
      const key = typeof named === 'string' ? named : textOf(this.#value(named, undefined, logLimits.depth))
      addMember(
        members,
        this.key(key),
        this.#member(key, () => value, paths, depth + 1),
      )
    }
    const more = (size ?? shown.length) - count
    if (more > 0) members['…'] = this.#more(more)
    return members
  }

  #plainObject(value: object, paths: HiddenPaths | undefined, depth: number): LogValue {
    const keys = Object.keys(value)
    if (keys.length === 0) {
      // Headers, metadata, parameters of a query, and the Map of another realm.
      if (isMapLike(value)) return this.#pairs(value, undefined, paths, depth)
      const kind = Object.prototype.toString.call(value).slice('[object '.length, -1)
      if (kind !== 'Object') return `[${this.#text(kind)}]`
    }
    const members: Record<string, LogValue> = {}
    const count = this.#members(members, value, keys, paths, depth)
    if (keys.length > count) members['…'] = this.#more(keys.length - count)
    // No engine lists some of the keys: objects with very many take their time, and so must be few.
    this.#left -= keys.length >> 4
    return members
  }

  /** Adds as many as there is room for, and says how many. */
  #members(
    members: Record<string, LogValue>,
    value: object,
    keys: readonly string[],
    paths: HiddenPaths | undefined,
    depth: number,
  ): number {
    let count = 0
    for (const key of keys) {
      if (count === logLimits.items || this.#left <= 0) break
      count++
      const read = () => (value as Record<string, unknown>)[key]
      addMember(members, this.key(key), this.#member(key, read, paths, depth + 1))
    }
    return count
  }

  #bytes(bytes: Uint8Array, depth: number): LogValue {
    const more = bytes.length - logLimits.bytes
    // By themselves they stay bytes: each format has its own text for them.
    if (depth === 0 && more <= 0 && bytes.length < this.#left) {
      this.#left -= bytes.length
      return bytes.slice()
    }
    const shown = base64(bytes.subarray(0, logLimits.bytes))
    return this.#text(more > 0 ? `${shown}…(${more} more bytes)` : shown)
  }

  #error(error: Error, paths: HiddenPaths | undefined, depth: number): LogValue {
    if (depth > 0) return this.#errorDetails(error, [], paths, depth, 0)
    const texts: string[] = []
    const kept = Math.max(0, Math.min(this.#left, errorTextChars))
    this.#left -= kept
    const details = this.#errorDetails(error, texts, paths, 0, 0)
    this.#left += kept
    return new LoggedError(this.#text(lineOf(texts)), details)
  }

  #errorDetails(
    error: Error,
    texts: string[],
    paths: HiddenPaths | undefined,
    depth: number,
    causes: number,
  ): Record<string, LogValue> {
    const parts = errorParts(error)
    const isSecret = this.#hides('message', this.#redactor?.within(paths, 'message'))
    texts.push(headline(isSecret ? { ...parts, message: String(this.#redactor?.censor) } : parts))
    const details: Record<string, LogValue> = {}
    this.#members(details, parts, ['name', 'message'], paths, depth)
    // Not all that hangs on it: errors of HTTP clients carry the request with its credentials.
    this.#members(details, error, simpleKeys(error), paths, depth)
    // The stack begins with the message.
    if (typeof parts.stack === 'string' && !isSecret) this.#members(details, parts, ['stack'], paths, depth)
    if (parts.cause !== undefined) details['cause'] = this.#cause(parts, texts, paths, depth, causes + 1)
    if (parts.errors !== undefined) this.#members(details, parts, ['errors'], paths, depth)
    return details
  }

  #cause(
    { cause }: ErrorParts,
    texts: string[],
    paths: HiddenPaths | undefined,
    depth: number,
    causes: number,
  ): LogValue {
    const inner = this.#redactor?.within(paths, 'cause')
    if (this.#hides('cause', inner)) return this.#censored()
    if (!isError(cause)) {
      const value = this.#value(cause, inner, depth + 1)
      texts.push(textOf(value))
      return value
    }
    if (this.#open.includes(cause)) return '[circular]'
    if (causes > logLimits.causes || this.#left <= 0) return '[too deep]'
    this.#open.push(cause)
    const details = this.#errorDetails(cause, texts, inner, depth, causes)
    this.#open.pop()
    return details
  }

  #hides(key: string, paths: HiddenPaths | undefined): boolean {
    return paths?.isHidden === true || this.#redactor?.hides(key) === true
  }

  #censored(): LogValue {
    this.#left -= logLimits.valueChars
    return this.#redactor?.censor
  }

  /** A key, of a bounded length. */
  key(key: string): string {
    const shown = logText(key, logLimits.keyChars)
    this.#left -= shown.length
    return shown
  }

  #text(text: string): string {
    const shown = logText(text, Math.max(0, Math.min(logLimits.stringChars, this.#left)))
    this.#left -= shown.length
    return shown
  }

  #more(count: number): string {
    this.#left -= logLimits.valueChars
    return `${count} more`
  }
}
