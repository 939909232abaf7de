// TokenBucket: arithmetic only, with the time handed in, so that a limiter of calls and one of anything else count alike.
import { checkNumber } from '../primitives/check.ts'

/** How fast a bucket fills and how much it holds. */
export interface TokenRate {
  /** How many tokens come in a second, from 0 on; Infinity is no limit, whatever the burst. */
  readonly perSecond: number
  /** How many tokens it holds, so how many can be taken at once: an integer from 0 on, or Infinity. */
  readonly burst: number
}

/** What is changed of a rate; what is left out stays. */
export interface TokenRateChange {
  readonly perSecond?: number | undefined
  readonly burst?: number | undefined
}

/** Tokens that were taken before they have come. */
export interface Reservation {
  /** Whether they were taken. When false, nothing was, and the rest says nothing. */
  readonly ok: boolean
  /** The moment at which they will have come; Infinity for never. */
  readonly at: number
  /** How long it is until then, in milliseconds: 0 when that moment has passed, Infinity when nothing was taken. */
  delayMs(now: number): number
  /**
   * Gives back what is not needed, unless its moment has passed. What others reserved behind it, they were promised for their
   * moments, which do not change; so much is not given back. A second time it does what it did the first time: do not.
   */
  cancel(now: number): void
}

const nsPerSecond = 1e9
const nsPerMs = 1e6

/**
 * The token bucket: full at first, one token for each thing that is done. It counts as golang.org/x/time/rate does, with
 * moments in milliseconds, with fractions, of any clock: the same calls at the same moments have the same results. Delays are
 * whole nanoseconds, and what a nanosecond brings is not waited for. A clock that goes back brings nothing.
 *
 * Throws a RangeError for a rate, a burst or a count out of its range.
 */
export class TokenBucket {
  #perSecond: number
  #burst: number
  /** At `#last`. Below 0 by what was reserved. */
  #tokens: number
  #last = 0
  /** The latest moment that was given to anyone. */
  #lastAt = -Infinity

  constructor(rate: TokenRate) {
    const { perSecond, burst } = checkTokenRate(rate)
    this.#perSecond = perSecond
    this.#burst = burst
    this.#tokens = burst
  }

  /** How many tokens come in a second. */
  get perSecond(): number {
    return this.#perSecond
  }

  /** How many tokens it holds. */
  get burst(): number {
    return this.#burst
  }

  /** How many tokens there are; below 0 when more is reserved than has come. */
  tokens(now: number): number {
    return Math.min(this.#tokens + earned(Math.max(0, now - this.#last) * nsPerMs, this.#perSecond), this.#burst)
  }

  /** Takes that many tokens if they are there; returns whether they were. */
  allow(now: number, count: number = 1): boolean {
    // Looks before it calls: this is on the path of every call.
    if (!(count >= 0)) checkCount(count)
    if (this.#perSecond === Infinity) return true
    const left = this.tokens(now) - count
    if (count > this.#burst || this.#lacks(-left)) return false
    this.#last = now
    this.#tokens = left
    this.#lastAt = now
    return true
  }

  /** Takes that many tokens, of those to come if need be, unless that is more than the burst, or longer to wait than `maxWaitMs`. */
  reserve(now: number, count: number = 1, maxWaitMs: number = Infinity): Reservation {
    checkCount(count)
    if (this.#perSecond === Infinity) return this.#taken(count, 0, now)
    const left = this.tokens(now) - count
    const waitMs = left < 0 ? this.#delayNs(-left) / nsPerMs : 0
    if (count > this.#burst || waitMs > maxWaitMs) return refused
    this.#last = now
    this.#tokens = left
    this.#lastAt = now + waitMs
    return this.#taken(count, this.#perSecond, this.#lastAt)
  }

  /** Whether that many can ever be taken at once. */
  fits(count: number): boolean {
    return count <= this.#burst || this.#perSecond === Infinity
  }

  /**
   * How long it is until `allow` would grant that many, if nobody takes any meanwhile, in milliseconds; Infinity for never. For
   * more than the burst it is how long that many take to come.
   */
  waitMs(now: number, count: number = 1): number {
    if (this.#perSecond === Infinity) return 0
    const missing = count - this.tokens(now)
    if (!this.#lacks(missing)) return 0
    let ms = Math.round((missing / this.#perSecond) * nsPerSecond) / nsPerMs
    if (ms === Infinity || count > this.#burst) return ms
    // The moments of a clock that has run for months are further apart than nanoseconds.
    const step = Math.max(1 / nsPerMs, (now + ms) * Number.EPSILON)
    while (this.#lacks(count - this.tokens(now + ms))) ms += step
    return ms
  }

  /** The first moment at which `allow` would grant that many, by what was taken so far; it may have passed. As for `waitMs`. */
  readyAt(count: number = 1): number {
    return this.#last + this.waitMs(this.#last, count)
  }

  /** Changes rate or burst from now on. What is reserved already keeps its moment. Where one is out of its range, nothing is changed. */
  change(now: number, { perSecond = this.#perSecond, burst = this.#burst }: TokenRateChange): void {
    checkTokenRate({ perSecond, burst })
    this.#tokens = this.tokens(now)
    this.#last = now
    this.#perSecond = perSecond
    this.#burst = burst
  }

  #taken(count: number, perSecond: number, at: number): Reservation {
    return {
      ok: true,
      at,
      delayMs: (now) => Math.max(0, at - now),
      cancel: (now) => this.#giveBack(now, count, perSecond, at),
    }
  }

  /** The rate is that at which they were taken. */
  #giveBack(now: number, count: number, perSecond: number, at: number): void {
    if (this.#perSecond === Infinity || count === 0 || nsFrom(at, now) > 0) return
    const laterNs = nsFrom(at, this.#lastAt)
    const unpromised = count - earned(laterNs, perSecond)
    if (unpromised <= 0) return
    this.#tokens = Math.min(this.tokens(now) + unpromised, this.#burst)
    this.#last = now
    if (laterNs !== 0) return
    const before = perSecond > 0 ? at - Math.trunc((count / perSecond) * nsPerSecond) / nsPerMs : Infinity
    if (nsFrom(now, before) >= 0) this.#lastAt = before
  }

  /** Whether what is missing takes a nanosecond or more to come. */
  #lacks(tokens: number): boolean {
    return tokens > 0 && this.#delayNs(tokens) > 0
  }

  /** How long that many tokens take to come. */
  #delayNs(tokens: number): number {
    return Math.trunc((tokens / this.#perSecond) * nsPerSecond)
  }
}

const refused: Reservation = Object.freeze({ ok: false, at: Infinity, delayMs: () => Infinity, cancel() {} })

/** How many tokens come in a time. Whole seconds and the rest are divided apart, as in Go: so both round alike. */
function earned(ns: number, perSecond: number): number {
  // Nearly every call comes within a second of the one before.
  if (ns >= 0 && ns < nsPerSecond && perSecond < Infinity) return (ns / nsPerSecond) * perSecond
  if (ns === 0 || perSecond === 0) return 0
  if (!Number.isFinite(ns) || perSecond === Infinity) return ns * Infinity
  const seconds = Math.trunc(ns / nsPerSecond)
  return (seconds + (ns - seconds * nsPerSecond) / nsPerSecond) * perSecond
}

/** How long it is from a moment that was given to another one. Moments are rounded; what they stand for are whole nanoseconds apart. */
function nsFrom(at: number, other: number): number {
  return at === other ? 0 : Math.round((other - at) * nsPerMs)
}

/** Throws a RangeError for a rate that a bucket cannot have. */
export function checkTokenRate(rate: TokenRate): TokenRate {
  checkNumber('perSecond', rate.perSecond, { min: 0 })
  checkNumber('burst', rate.burst, { min: 0, integer: true })
  return rate
}

function checkCount(count: number): number {
  return checkNumber('count', count, { min: 0 })
}
