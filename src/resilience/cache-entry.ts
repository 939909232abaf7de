// CacheEntry: one remembered answer, and what its age means: fresh, due for an early refresh, stale, or of no use.
import { ServiceError, sharedError } from '../core/errors.ts'
import type { Random } from '../primitives/random.ts'

/** How long answers are good for. */
export interface Lifetimes {
  readonly ttlMs: number
  readonly staleWhileRevalidateMs: number
  readonly staleIfErrorMs: number
  /** The factor beta of an early refresh. */
  readonly earlyRefresh: number
}

/** What an entry is at a moment. `stale`: may be given while it is refreshed. `last_resort`: may be given when there is no better answer. `expired`: must not be given. */
export type Age = 'fresh' | 'stale' | 'last_resort' | 'expired'

// The largest that -ln(1 - random()) can be, of a draw with 53 bits: before that there is no need to draw.
const largestDraw = 53 * Math.LN2

/** One answer. Its promise is made once: a hit costs none. All moments are those of one clock. */
export class CacheEntry<Res> {
  readonly answer: Promise<Res>
  readonly isNegative: boolean
  readonly storedAt: number
  /** From here on it may be due for a refresh, or past its time: until then there is no need to look closer. */
  readonly earlyFrom: number
  /** Before that no refresh is tried, since the latest one failed; undefined where none has. */
  retryAt: number | undefined = undefined
  readonly #freshUntil: number
  readonly #staleUntil: number
  readonly #usableUntil: number
  /** How much earlier than its end a refresh begins on average. */
  readonly #leadMs: number

  private constructor(answer: Promise<Res>, isNegative: boolean, now: number, lives: Lifetimes, tookMs: number) {
    this.answer = answer
    this.isNegative = isNegative
    this.storedAt = now
    this.#freshUntil = now + lives.ttlMs
    this.#staleUntil = this.#freshUntil + lives.staleWhileRevalidateMs
    this.#usableUntil = this.#freshUntil + Math.max(lives.staleWhileRevalidateMs, lives.staleIfErrorMs)
    this.#leadMs = lives.earlyRefresh * tookMs
    this.earlyFrom = this.#freshUntil - largestDraw * this.#leadMs
  }

  /** Remembers a response that took so long to get. */
  static response<Res>(response: Res, now: number, lives: Lifetimes, tookMs: number): CacheEntry<Res> {
    return new CacheEntry(Promise.resolve(response), false, now, lives, tookMs)
  }

  /** Remembers an error, which is never given once it is stale. */
  static error<Res>(thrown: unknown, now: number, ttlMs: number): CacheEntry<Res> {
    if (thrown instanceof ServiceError) sharedError(thrown)
    const answer = Promise.reject(thrown)
    // It may be that nobody ever asks for it.
    answer.catch(() => {})
    const lives = { ttlMs, staleWhileRevalidateMs: 0, staleIfErrorMs: 0, earlyRefresh: 0 }
    return new CacheEntry(answer, true, now, lives, 0)
  }

  ageAt(now: number): Age {
    if (now < this.#freshUntil) return 'fresh'
    if (now < this.#staleUntil) return 'stale'
    return now < this.#usableUntil ? 'last_resort' : 'expired'
  }

  /** Whether a call at that moment should refresh it although it is fresh: more likely the longer the answer takes, and the nearer its end is. */
  isDrawn(now: number, random: Random): boolean {
    return now - this.#leadMs * Math.log(1 - random()) >= this.#freshUntil
  }
}
