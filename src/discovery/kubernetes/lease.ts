// What a slice says of its own life, where a registrar keeps it.
import { annotations, type EndpointSlice } from './endpoint-slice.ts'

/** A slice with a lease is of a process that may end without a word. */
export interface Lease {
  /** How long it is alive without being renewed, in milliseconds. */
  readonly ttlMs: number
  /** By the clock of its registrar, in milliseconds since the epoch. */
  readonly renewedAt: number
}

/** Undefined for a slice that nobody has to renew. */
export function leaseOf({ metadata }: EndpointSlice): Lease | undefined {
  const ttlMs = Number(metadata.annotations?.[annotations.ttlMs])
  const renewedAt = Date.parse(metadata.annotations?.[annotations.renewedAt] ?? '')
  return ttlMs > 0 && Number.isFinite(renewedAt) ? { ttlMs, renewedAt } : undefined
}
