// Pace: when something may begin again, so that a loop which others can make spin degrades into a poll.
import { checkNumber } from '../primitives/check.ts'

/** A few at once, then one per interval: the generic cell rate algorithm, a token bucket that remembers one moment. */
export class Pace {
  readonly #intervalMs: number
  readonly #slackMs: number
  /** When the bucket is full again. */
  #fullAt = -Infinity

  /** `atOnce` begin without a wait after a rest. Throws a RangeError that names `intervalMs` for one below 0. */
  constructor(intervalMs: number, atOnce: number) {
    this.#intervalMs = checkNumber('intervalMs', intervalMs, { min: 0, max: Number.MAX_SAFE_INTEGER })
    this.#slackMs = intervalMs * (checkNumber('atOnce', atOnce, { min: 1, integer: true }) - 1)
  }

  /** Takes the next turn, and gives how long it is until then, in milliseconds. */
  take(now: number): number {
    const beginsAt = Math.max(now, this.#fullAt - this.#slackMs)
    this.#fullAt = Math.max(now, this.#fullAt) + this.#intervalMs
    return beginsAt - now
  }
}
