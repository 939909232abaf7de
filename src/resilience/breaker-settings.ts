// breakerSettings: what a circuit breaker can be set to, the options with their defaults, checked once for however many breakers share them.
import { backoff } from '../primitives/backoff.ts'
import { checkNumber, finite } from '../primitives/check.ts'
import { type Random, systemRandom } from '../primitives/random.ts'
import { type BreakerWindow, CountWindow, TimeWindow } from './breaker-window.ts'

export type { BreakerWindow, WindowCounts } from './breaker-window.ts'

/** When a breaker opens, for how long, and what closes it. */
export interface BreakerOptions {
  /**
   * Opens after so many failures with no success between them; an integer from 1, Infinity for never.
   * @default 5, or `minimumCalls` while the window holds that many calls: where there are many, five in a row come by chance from a service of which a part is down
   */
  readonly consecutiveFailures?: number | undefined
  /** Opens at a failure when this share of the calls in the window failed; above 0, up to 1. @default 0.5 */
  readonly failureRatio?: number | undefined
  /** How many calls the window must hold before a share of them means anything; an integer from 1, Infinity for never. @default 20, or `windowCalls` where that is less */
  readonly minimumCalls?: number | undefined
  /** How far back the window goes, in milliseconds, moved on a tenth at a time; from 10 to a day. @default 10_000 */
  readonly windowMs?: number | undefined
  /** How many calls the window holds, in place of `windowMs`; an integer from 1 to 100,000. @default none: the window is one of time */
  readonly windowCalls?: number | undefined
  /** Calls that took at least so long, in milliseconds, are slow; above 0. As a probe, a slow call is a failure. @default none are */
  readonly slowMs?: number | undefined
  /** Opens at a slow call when this share of the calls in the window were slow; above 0, up to 1. @default 0.8 */
  readonly slowRatio?: number | undefined
  /** How long it stays open the first time, in milliseconds; each further time twice as long, until it has closed. @default 5_000 */
  readonly openMs?: number | undefined
  /** The longest that it stays open, in milliseconds before jitter. @default 60_000, or `openMs` where that is more */
  readonly openMaxMs?: number | undefined
  /** By which share of itself an open time is longer or shorter, by chance, so that a fleet does not come back at once; from 0 to 1. @default 0.2 */
  readonly jitterRatio?: number | undefined
  /** How many calls may pass while it is half open. All of them must succeed to close it; one that fails opens it again. An integer from 1 to 1,000. @default 3 */
  readonly probes?: number | undefined
  /** A probe that has not ended after so long, in milliseconds, has failed; above 0. More than a call may take, it is for those that hang. @default 10_000 */
  readonly probeTimeoutMs?: number | undefined
  /** Where the chance comes from. @default systemRandom */
  readonly random?: Random | undefined
}

/** What a breaker is set to, as plain data: what is off is undefined. */
export interface BreakerLimits {
  readonly consecutiveFailures: number | undefined
  /** The same while the window holds `minimumCalls`. */
  readonly consecutiveFailuresOfMany: number | undefined
  readonly failureRatio: number
  readonly minimumCalls: number | undefined
  readonly windowMs: number | undefined
  readonly windowCalls: number | undefined
  readonly slowMs: number | undefined
  readonly slowRatio: number
  readonly openMs: number
  readonly openMaxMs: number
  readonly jitterRatio: number
  readonly probes: number
  readonly probeTimeoutMs: number
}

/** Options that were checked. */
export interface BreakerSettings {
  readonly limits: BreakerLimits
  /** How long to stay open, in milliseconds, after having been open so many times in a row. */
  readonly openTime: (openings: number) => number
  /** The longest that `openTime` can give. */
  readonly longestOpenMs: number
  readonly window: () => BreakerWindow
}

const aDayMs = 86_400_000
/** The least that is above 0. */
const above0 = Number.MIN_VALUE

/** Checks options. Throws a RangeError for a number out of its range, and a TypeError for options that contradict each other. */
export function breakerSettings(options: BreakerOptions = {}): BreakerSettings {
  const { windowCalls, slowMs, random = systemRandom } = options
  if (windowCalls !== undefined && options.windowMs !== undefined)
    throw new TypeError(`windowCalls and windowMs cannot both be given: a window holds calls or time`)
  const windowMs = windowCalls === undefined ? (options.windowMs ?? 10_000) : undefined
  const window = () => (windowCalls === undefined ? new TimeWindow(windowMs as number) : new CountWindow(windowCalls))
  // Checks its size.
  window()
  const openMs = checkNumber('openMs', options.openMs ?? 5_000, { min: 1, max: aDayMs })
  const openMaxMs = checkNumber('openMaxMs', options.openMaxMs ?? Math.max(60_000, openMs), {
    min: openMs,
    max: aDayMs,
  })
  const jitterRatio = checkNumber('jitterRatio', options.jitterRatio ?? 0.2, { min: 0, max: 1 })
  const consecutiveFailures = checkNumber('consecutiveFailures', options.consecutiveFailures ?? 5, {
    min: 1,
    integer: true,
  })
  const minimumCalls = checkNumber('minimumCalls', options.minimumCalls ?? Math.min(20, windowCalls ?? 20), {
    min: 1,
    integer: true,
  })
  const ofMany = options.consecutiveFailures ?? Math.max(consecutiveFailures, minimumCalls)
  const limits: BreakerLimits = {
    consecutiveFailures: finite(consecutiveFailures),
    consecutiveFailuresOfMany: finite(ofMany),
    failureRatio: checkNumber('failureRatio', options.failureRatio ?? 0.5, { min: above0, max: 1 }),
    minimumCalls: finite(minimumCalls),
    windowMs,
    windowCalls,
    slowMs: finite(checkNumber('slowMs', slowMs ?? Infinity, { min: above0 })),
    slowRatio: checkNumber('slowRatio', options.slowRatio ?? 0.8, { min: above0, max: 1 }),
    openMs,
    openMaxMs,
    jitterRatio,
    probes: checkNumber('probes', options.probes ?? 3, { min: 1, max: 1_000, integer: true }),
    probeTimeoutMs: checkNumber('probeTimeoutMs', options.probeTimeoutMs ?? 10_000, { min: above0, max: aDayMs }),
  }
  if (windowCalls !== undefined && (limits.minimumCalls ?? 0) > windowCalls)
    throw new TypeError(`minimumCalls (${limits.minimumCalls}) must not be above windowCalls (${windowCalls})`)
  return {
    limits,
    openTime: backoff({ initialMs: openMs, multiplier: 2, maxMs: openMaxMs, jitter: jitterRatio, random }),
    longestOpenMs: openMaxMs * (1 + jitterRatio),
    window,
  }
}
