// Typed keys for the values that a Context carries, and how far each value goes.
import { ServiceError } from './errors.ts'
import { headerNames, type Metadata, metadataLimits, readBaggageMember } from './metadata.ts'
import type { Loose } from './schema.ts'

/**
 * How far a value goes. `hop`: dropped when a call leaves for another service. `request`: goes along with all work done
 * for the request in this process. `wire`: is also sent with every call, and passed on by whoever is called.
 */
export type Scope = 'hop' | 'request' | 'wire'

/** A key that reads and writes values of one type in a Context. Keys are compared by identity. */
export interface ContextKey<T> {
  readonly name: string
  readonly scope: Scope
  /** What `get` gives where nothing was set. */
  readonly fallback: T
  /** How the value crosses a wire; undefined when it does not. */
  readonly wire: WireForm<T> | undefined
}

/** Where values are read: a Context is one. */
export interface Values {
  /** The nearest value of the key, or the key's fallback. */
  get<T>(key: ContextKey<T>): T
}

/** What a value can be read from when it came in over a wire. */
export interface InboundValues {
  readonly headers: Metadata
  readonly requestId: string
  /** Whether the caller belongs to the house, so that its wishes count. */
  readonly trusted: boolean
}

/** How a value crosses a wire. */
export interface WireForm<T> {
  /** Undefined when the caller did not send it, or sent what cannot be read. */
  read(call: InboundValues): T | undefined
  write(value: T, headers: Map<string, string>): void
}

/** A key whose values stay in the process. */
export interface LocalKeyOptions<T> {
  readonly scope: 'hop' | 'request'
  readonly fallback: T
}

/** A key whose values cross the wire and are not plain text. */
export interface WireKeyOptions<T> {
  readonly scope: 'wire'
  readonly fallback: T
  /** Turns the value into text; any text, it is percent-encoded on the way. */
  encode(value: T): string
  /** Reads a stranger's text; undefined, or throwing, when it makes no sense. */
  decode(text: string): T | undefined
}

/**
 * Makes a key. A value of scope `wire` travels as a member of the W3C `baggage` header, so services between that have
 * never heard of it pass it on; its name must be a token. Text needs no `encode` and `decode`.
 */
export function contextKey<T>(name: string, options: LocalKeyOptions<T>): ContextKey<T>
export function contextKey(name: string, options: { scope: 'wire'; fallback: string }): ContextKey<string>
export function contextKey<T>(name: string, options: WireKeyOptions<T>): ContextKey<T>
export function contextKey(
  name: string,
  options: { scope: Scope; fallback: Loose } & Partial<Omit<WireKeyOptions<Loose>, 'scope'>>,
): ContextKey<Loose> {
  const { scope, fallback } = options
  return Object.freeze({ name, scope, fallback, wire: scope === 'wire' ? baggageMember(name, options) : undefined })
}

/** Makes a key that has a form of its own on the wire; for the headers that servicekit sends itself. */
export function headerKey<T>(name: string, scope: Scope, fallback: T, wire: WireForm<T>): ContextKey<T> {
  return Object.freeze({ name, scope, fallback, wire })
}

function baggageMember(
  name: string,
  options: Partial<Pick<WireKeyOptions<Loose>, 'encode' | 'decode'>>,
): WireForm<Loose> {
  const { encode = String, decode = String } = options
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) {
    throw new TypeError(
      `a context key of scope wire must be named by a token (RFC 9110, 5.6.2), but is ${JSON.stringify(name)}`,
    )
  }
  return {
    read: ({ headers }) => {
      const text = readBaggageMember(headers, name)
      if (text === undefined) return undefined
      try {
        return decode(text)
      } catch {
        return undefined
      }
    },
    write: (value, headers) => {
      const others = headers.get(headerNames.baggage)
      const member = `${name}=${encodeURIComponent(encode(value).toWellFormed())}`
      const all = others === undefined ? member : `${others},${member}`
      if (all.length > metadataLimits.baggageBytes) {
        // Whoever gets more than that ignores all of it, and the other values with it.
        const text = `the value of ${name} makes the baggage longer than ${metadataLimits.baggageBytes} bytes`
        throw new ServiceError('invalid_argument', text)
      }
      headers.set(headerNames.baggage, all)
    },
  }
}
