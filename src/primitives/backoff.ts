// How long to wait before the next attempt: arithmetic only, so that reconnecting and retrying share one schedule.

import { checkNumber } from './check.ts'
import { type Random, systemRandom } from './random.ts'

/** The defaults are those of gRPC's connection backoff protocol (grpc/doc/connection-backoff.md). */
export interface BackoffOptions {
  /** The delay after the first failure, before jitter. @default 1_000 */
  readonly initialMs?: number | undefined
  /** How much longer each delay is than the one before; at least 1. @default 1.6 */
  readonly multiplier?: number | undefined
  /** The longest delay, before jitter; it also cuts a longer `initialMs`. @default 120_000 */
  readonly maxMs?: number | undefined
  /**
   * What is left to chance, so that those who failed together do not come back together. With a delay of d: a ratio r
   * from 0 to 1 draws from d(1 - r) to d(1 + r), `'full'` from 0 to d, `'none'` waits exactly d. @default 0.2
   */
  readonly jitter?: 'full' | 'none' | number | undefined
  /** Where the chance comes from. @default systemRandom */
  readonly random?: Random | undefined
}

const LONGEST_MS = Number.MAX_SAFE_INTEGER

/**
 * Returns the delay in milliseconds before attempt n + 1, for n counted from 0: exponential, capped, with jitter. It is
 * finite for every n. Throws a RangeError for an option outside its range.
 */
export function backoff(options: BackoffOptions = {}): (attempt: number) => number {
  const { jitter = 0.2, random = systemRandom } = options
  const initialMs = checkNumber('initialMs', options.initialMs ?? 1_000, { min: 0, max: LONGEST_MS })
  const multiplier = checkNumber('multiplier', options.multiplier ?? 1.6, { min: 1 })
  const maxMs = checkNumber('maxMs', options.maxMs ?? 120_000, { min: 0, max: LONGEST_MS })
  const [least, spread] = jitterRange(jitter)

  return (attempt) => {
    // The power overflows after some hundred attempts, and 0 times Infinity is NaN.
    const grown = initialMs * Math.min(multiplier ** attempt, Number.MAX_VALUE)
    return Math.min(grown, maxMs) * (least + spread * random())
  }
}

/** The smallest share of a delay that jitter leaves, and how far above it chance can go. */
function jitterRange(jitter: 'full' | 'none' | number): readonly [least: number, spread: number] {
  if (jitter === 'full') return [0, 1]
  if (jitter === 'none') return [1, 0]
  const ratio = checkNumber("jitter, unless 'full' or 'none',", jitter, { min: 0, max: 1 })
  return [1 - ratio, 2 * ratio]
}
