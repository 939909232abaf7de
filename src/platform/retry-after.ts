// What a server says of when to come again.
import type { Metadata } from '../core/metadata.ts'

/** Reads `Retry-After` (RFC 9110, 10.2.3), seconds or a date, as milliseconds from the moment `now` of the wall clock. */
export function retryAfterMsOf(headers: Metadata, now: number): number | undefined {
  const text = headers.get('retry-after')
  if (!text) return undefined
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000
  // Of RFC 9110, 5.6.7; what else the engine takes for a date is none.
  const at = /^[A-Z][a-z]+, .+ GMT$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
