// When a socket tries again, and which of its errors are news: one outage is told once, however many attempts fail during it.
import type { Clock, Timer } from '../core/clock.ts'
import { backoff } from '../primitives/backoff.ts'
import type { Random } from '../primitives/random.ts'

// What works for this long has recovered. Shorter, and a receiver that accepts and closes would be news each time.
const steadyMs = 5_000
const background = { background: true }

/** Counts the attempts of one socket. Its timers do not hold the process. */
export class Reconnection {
  readonly #clock: Clock
  readonly #delayMs: (attempt: number) => number
  readonly #onOutage: (error: Error) => void
  #attempts = 0
  #troubled = false
  #stopped = false
  #retry: Timer | undefined
  #proof: Timer | undefined

  /** `onOutage` is called with the first error of each outage. */
  constructor(clock: Clock, random: Random, onOutage: (error: Error) => void) {
    this.#clock = clock
    this.#delayMs = backoff({ random })
    this.#onOutage = onOutage
  }

  /** Whether it failed, and has not worked for a while since. */
  get troubled(): boolean {
    return this.#troubled
  }

  failed(error: Error): void {
    if (this.#stopped) return
    this.#proof?.cancel()
    this.#proof = undefined
    if (this.#troubled) return
    this.#troubled = true
    this.#onOutage(error)
  }

  /** Runs the next attempt after the back-off, unless one is waiting. */
  again(run: () => void): void {
    if (this.#stopped || this.#retry !== undefined) return
    const begin = () => {
      this.#retry = undefined
      run()
    }
    this.#retry = this.#clock.schedule(this.#delayMs(this.#attempts++), begin, background)
  }

  /** It works: the outage is over unless it fails again soon. */
  works(): void {
    if (this.#stopped || !this.#troubled || this.#proof !== undefined) return
    this.#proof = this.#clock.schedule(steadyMs, () => this.#recover(), background)
  }

  /** What came was taken, which is enough for the back-off to begin anew. */
  takesData(): void {
    this.#attempts = 0
  }

  stop(): void {
    this.#stopped = true
    this.#retry?.cancel()
    this.#proof?.cancel()
  }

  #recover(): void {
    this.#proof = undefined
    this.#troubled = false
    this.#attempts = 0
    this.#retry?.cancel()
    this.#retry = undefined
  }
}
