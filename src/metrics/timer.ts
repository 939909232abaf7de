// Timer: how long something takes, into a histogram or a summary, in the unit that it is measured in.
import { type Clock, systemClock } from '../core/clock.ts'

/** Where the time goes: a histogram or a summary without labels, or one bound to theirs. */
export interface Observer {
  observe(value: number): void
}

/** How time is measured. */
export interface TimerOptions {
  /** @default 'seconds' */
  readonly unit?: 'seconds' | 'milliseconds' | 'microseconds' | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}

/** Runs from when it was made. Disposing it, as `using` does at the end of a block, observes the time unless that was done. */
export interface Timer extends Disposable {
  /** Observes the time since the timer was made, once; gives it in the timer's unit. Never below 0. */
  observe(): number
}

const perMs = { seconds: 1e-3, milliseconds: 1, microseconds: 1e3 }

/** Starts measuring. Throws a TypeError for a unit that there is not. */
export function timer(into: Observer, options?: TimerOptions): Timer {
  const { unit = 'seconds', clock = systemClock } = options ?? {}
  if (!Object.hasOwn(perMs, unit))
    throw new TypeError(`unit must be one of ${Object.keys(perMs).join(', ')}, but is ${String(unit)}`)
  return new RunningTimer(into, perMs[unit], clock)
}

class RunningTimer implements Timer {
  readonly #perMs: number
  readonly #clock: Clock
  readonly #startedAt: number
  #into: Observer | undefined
  #took = 0

  constructor(into: Observer, unitsPerMs: number, clock: Clock) {
    this.#into = into
    this.#perMs = unitsPerMs
    this.#clock = clock
    this.#startedAt = clock.now()
  }

  observe(): number {
    const into = this.#into
    if (into === undefined) return this.#took
    this.#into = undefined
    this.#took = Math.max(0, this.#clock.now() - this.#startedAt) * this.#perMs
    into.observe(this.#took)
    return this.#took
  }

  [Symbol.dispose](): void {
    this.observe()
  }
}
