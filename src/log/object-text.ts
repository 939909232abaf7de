// Objects that have a text of their own, whatever else hangs on them: moments, durations, addresses, patterns.
import { Duration } from '../core/duration.ts'
import { logLimits } from './log-value.ts'
import type { Redactor } from './redact.ts'

/** The text of such an object; undefined for all others. May throw what the object throws. */
export function objectText(value: object, redactor: Redactor | undefined): string | undefined {
  if (value instanceof Date) return dateText(value)
  if (value instanceof Duration) return String(value)
  if (value instanceof URL) return urlText(value, redactor)
  return value instanceof RegExp ? String(value) : undefined
}

function dateText(date: Date): string {
  // What a subclass has made of it is not asked.
  const at = Date.prototype.getTime.call(date)
  return Number.isNaN(at) ? 'Invalid Date' : new Date(at).toISOString()
}

/** An address without its password, and without the values of parameters that are named like secrets, in the query or the fragment. */
function urlText(url: URL, redactor: Redactor | undefined): string {
  const shown = new URL(url.href)
  if (shown.password !== '') shown.password = '***'
  if (redactor === undefined) return shown.href
  hideIn(shown.searchParams, redactor)
  // As OAuth gives tokens to browsers. What is no list of parameters stays as it is.
  const fragment = new URLSearchParams(shown.hash.slice(1))
  if (hideIn(fragment, redactor)) shown.hash = String(fragment)
  return shown.href
}

/** Says whether there was something to hide. */
function hideIn(parameters: URLSearchParams, redactor: Redactor): boolean {
  const hidden = [...new Set(parameters.keys())].filter((name) => redactor.hides(name))
  for (const name of hidden) parameters.set(name, redactor.censor)
  return hidden.length > 0
}

/** What a `new String`, `new Number` and their kin hold; any other object itself. */
export function unboxed(value: object): unknown {
  if (value instanceof String) return String.prototype.valueOf.call(value)
  if (value instanceof Number) return Number.prototype.valueOf.call(value)
  if (value instanceof Boolean) return Boolean.prototype.valueOf.call(value)
  if (value instanceof BigInt) return BigInt.prototype.valueOf.call(value)
  return value instanceof Symbol ? Symbol.prototype.valueOf.call(value) : value
}

/** The bytes of binary data, not a copy of them; undefined for all else, lists of larger numbers among it. */
export function bytesOf(value: object): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) {
    // A DataView has no elements.
    const isBytes = ((value as Uint8Array).BYTES_PER_ELEMENT ?? 1) === 1
    return isBytes ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : undefined
  }
  const isBuffer =
    value instanceof ArrayBuffer || (typeof SharedArrayBuffer === 'function' && value instanceof SharedArrayBuffer)
  return isBuffer ? new Uint8Array(value) : undefined
}

const { stringChars: mostDigits } = logLimits
const mostBits = Math.floor(mostDigits * Math.log2(10))

/** The digits of an integer. One that is far too long is not printed at all, which would take seconds. */
export function bigintText(value: bigint): string {
  return BigInt.asIntN(mostBits, value) === value ? String(value) : `[bigint of more than ${mostDigits} digits]`
}
