// Those who wait until what they have written has left.
import type { Clock } from '../core/clock.ts'

/** Waits for lines or batches by their serials; each wait has a limit. */
export class Flushes {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #waiting = new Set<{ readonly upTo: number; readonly end: () => void }>()

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size
  }

  /** Resolves once `settle` was told of a serial beyond this one, or after the limit. */
  wait(upTo: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        timer.cancel()
        this.#waiting.delete(flush)
        resolve()
      }
      const timer = this.#clock.schedule(this.#timeoutMs, end)
      const flush = { upTo, end }
      this.#waiting.add(flush)
    })
  }

  /** Ends all that wait for what was before this one. */
  settle(oldest: number): void {
    for (const { upTo, end } of this.#waiting) if (upTo < oldest) end()
  }
}
