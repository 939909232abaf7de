// Points: asks a limiter of `rate-limiter-flexible` for points, and tells its three answers apart.
import type { Clock } from '../../core/clock.ts'
import { formatDuration } from '../../core/duration.ts'
import { within } from '../../core/within.ts'

/** What is used of a limiter: `RateLimiterMemory`, `RateLimiterRedis`, `RateLimiterUnion`, `BurstyRateLimiter` and others of `rate-limiter-flexible` 5 to 11. */
export interface FlexibleLimiter {
  /** How many there are in a duration. */
  readonly points?: number
  /** Whether it delays calls itself. */
  readonly execEvenly?: boolean
  /** Rejects with a `RateLimiterRes`, or several by name, when there are none left, and with an Error when its store fails. */
  consume(key: string, points?: number): Promise<unknown>
}

/** How it went: neither of the two where the points were taken. */
export interface Taken {
  /** There are none: for so many milliseconds, or Infinity for nobody knows. */
  readonly waitMs?: number
  /** The store could not be asked. */
  readonly error?: unknown
}

const taken: Taken = Object.freeze({})

/** With so many questions open, a store that has answered none in the time that one may take hangs: it is asked once in that time. */
const mostOpen = 1_000

/** Never rejects. */
export class Points {
  readonly #limiter: FlexibleLimiter
  readonly #timeoutMs: number
  #open = 0
  /** When it answered last, or was asked while nothing was open. */
  #heardAt = -Infinity
  #nextAt = -Infinity

  constructor(limiter: FlexibleLimiter, timeoutMs: number) {
    this.#limiter = limiter
    this.#timeoutMs = timeoutMs
  }

  /** Takes points of a key, or says why not. */
  async take(key: string, points: number, clock: Clock): Promise<Taken> {
    try {
      const limitMs = this.#timeoutMs
      const late = () => new Error(`the store did not answer within ${formatDuration(limitMs)}`)
      await within(this.#ask(key, points, clock), { clock, limitMs, late })
      return taken
    } catch (thrown) {
      const waitMs = waitOf(thrown)
      return waitMs === undefined ? { error: thrown } : { waitMs }
    }
  }

  async #ask(key: string, points: number, clock: Clock): Promise<void> {
    const now = clock.now()
    if (this.#open === 0) this.#heardAt = now
    const hangs = this.#open >= mostOpen && now - this.#heardAt >= this.#timeoutMs
    if (hangs && now < this.#nextAt) throw new Error('the store has not answered for long')
    if (hangs) this.#nextAt = now + this.#timeoutMs
    this.#open++
    try {
      await this.#limiter.consume(key, points)
    } finally {
      this.#open--
      this.#heardAt = clock.now()
    }
  }
}

/** The longest wait of a `RateLimiterRes`, or of those of a union by name; undefined for what is neither. */
function waitOf(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || thrown instanceof Error) return undefined
  const results: readonly unknown[] = 'msBeforeNext' in thrown ? [thrown] : Object.values(thrown)
  const waits = results.map((each) => (each as { readonly msBeforeNext?: unknown } | null)?.msBeforeNext)
  if (waits.length === 0 || !waits.every((each) => typeof each === 'number')) return undefined
  // Below 0 stands for ever.
  return Math.max(...waits.map((each) => (each < 0 ? Infinity : each)))
}
