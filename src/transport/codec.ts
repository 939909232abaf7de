// Codec: messages to bytes and back; and the JSON codec, strict about what a stranger may send.

import { ServiceError } from '../core/errors.ts'
import { checkNumber } from '../primitives/check.ts'

/** Turns messages into bytes and back. */
export interface Codec {
  /** The media type of the bytes. */
  readonly contentType: string
  encode(message: unknown): Uint8Array
  /** Throws `invalid_argument` for bytes that are not a message. */
  decode(bytes: Uint8Array): unknown
}

/** How strict the JSON codec is. */
export interface JsonCodecOptions {
  /** How deep arrays and objects may nest. @default 100 */
  readonly maxDepth?: number | undefined
}

/**
 * JSON (RFC 8259) in UTF-8. `undefined` travels as no bytes at all. Refused with `invalid_argument`: what is not UTF-8 or
 * begins with a byte order mark, nesting beyond the limit, and the keys that poison prototypes: an own `__proto__`, or a
 * `constructor` whose value is an object with `prototype`.
 */
export function jsonCodec(options?: JsonCodecOptions): Codec {
  const maxDepth = checkNumber('maxDepth', options?.maxDepth ?? 100, { min: 1, max: 10_000, integer: true })
  const encoder = new TextEncoder()
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return {
    contentType: 'application/json',
    encode: (message) => encoder.encode(message === undefined ? '' : JSON.stringify(message)),
    decode: (bytes) => {
      if (bytes.length === 0) return undefined
      let value: unknown
      try {
        const text = decoder.decode(bytes)
        if (deeperThan(text, maxDepth))
          throw new ServiceError('invalid_argument', `the message nests deeper than ${maxDepth}`)
        value = JSON.parse(text)
        if (!suspicious.test(text)) return value
      } catch (thrown) {
        if (thrown instanceof ServiceError) throw thrown
        throw new ServiceError('invalid_argument', 'the message is not JSON in UTF-8', { cause: thrown })
      }
      refusePoison(value)
      return value
    },
  }
}

// A key can only be one of the two if the text has it in letters, or has an escape that may hide it.
const suspicious = /__proto__|"constructor"|\\u/

function deeperThan(text: string, maxDepth: number): boolean {
  // Each level needs an opening and a closing character.
  if (text.length < 2 * maxDepth) return false
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === 0x22) i = endOfString(text, i)
    else if (char === 0x7b || char === 0x5b) {
      if (++depth > maxDepth) return true
    } else if (char === 0x7d || char === 0x5d) depth--
  }
  return false
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === 0x5c) i++
    else if (char === 0x22) return i
  }
  return text.length
}

function refusePoison(message: unknown): void {
  // Not by recursion: as deep as the limit may be set, the stack is not.
  const left: object[] = isObject(message) ? [message] : []
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    for (const [key, member] of Object.entries(value)) {
      const poison =
        key === '__proto__' || (key === 'constructor' && isObject(member) && Object.hasOwn(member, 'prototype'))
      if (poison) throw new ServiceError('invalid_argument', `the key ${key} is not allowed here`)
      if (isObject(member)) left.push(member)
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
