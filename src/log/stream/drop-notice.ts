// Tells of dropped lines, and of many at once: whoever hears of them may want to log that, and must not be flooded in turn.
import type { Clock, Timer } from '../../core/clock.ts'
import { tell } from '../../core/tell.ts'
import type { LinesDropped } from './line-stream.ts'

const intervalMs = 1_000

/** Watches a count that only grows. */
export class DropNotice {
  readonly #clock: Clock
  readonly #dropped: () => number
  readonly #onDrop: ((event: LinesDropped) => void) | undefined
  readonly #onTime = (): void => this.tell()
  #told = 0
  #timer: Timer | undefined

  constructor(dropped: () => number, onDrop: ((event: LinesDropped) => void) | undefined, clock: Clock) {
    this.#dropped = dropped
    this.#onDrop = onDrop
    this.#clock = clock
  }

  /** Looks at the count, and tells a second later. Never at once: this is called in the middle of a write. */
  look(): void {
    if (this.#timer !== undefined || this.#onDrop === undefined || this.#dropped() === this.#told) return
    this.#timer = this.#clock.schedule(intervalMs, this.#onTime, { background: true })
  }

  /** Tells now what has not been told. */
  tell(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const total = this.#dropped()
    const count = total - this.#told
    this.#told = total
    if (count > 0) tell(this.#onDrop, { count, total })
  }
}
