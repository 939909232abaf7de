// A limit on waiting for a peer's next message, which costs one reading of the clock a message and no timer of its own.
import { checkNumber } from '../primitives/check.ts'
import type { Clock, Task, Timer } from './clock.ts'

/** How long a stream may be silent while somebody waits for it. */
export interface IdleLimits {
  /** The longest wait for the first message, in milliseconds from 1; Infinity for none. @default 5_000 */
  readonly firstMs?: number | undefined
  /** The longest wait for each further message, in milliseconds from 1; Infinity for none. @default 60_000 */
  readonly betweenMs?: number | undefined
}

/** Checks limits where they are given, and not when the first stream is silent. Throws a RangeError or TypeError. */
export function checkIdleLimits(limits: IdleLimits | undefined): void {
  if (limits?.firstMs !== undefined) checkNumber('firstMs', limits.firstMs, { min: 1 })
  if (limits?.betweenMs !== undefined) checkNumber('betweenMs', limits.betweenMs, { min: 1 })
}

/** Calls `onIdle` once when a wait lasts longer than its limit. Time that passes outside a wait does not count. */
export class IdleGuard implements Task, Disposable {
  readonly #clock: Clock
  readonly #betweenMs: number
  readonly #onIdle: (limitMs: number) => void
  #limitMs: number
  /** NaN while nobody waits. */
  #waitingSince = Number.NaN
  #timer: Timer | undefined = undefined
  #timerAt = Infinity
  #disposed = false

  constructor(clock: Clock, limits: IdleLimits | undefined, onIdle: (limitMs: number) => void) {
    this.#clock = clock
    this.#limitMs = limits?.firstMs ?? 5_000
    this.#betweenMs = limits?.betweenMs ?? 60_000
    this.#onIdle = onIdle
  }

  /** A wait begins. */
  wait(): void {
    if (this.#disposed || (this.#limitMs === Infinity && this.#betweenMs === Infinity)) return
    this.#waitingSince = this.#clock.now()
    this.#watch()
  }

  /** The wait is over for now; the next one has the same limit. */
  rest(): void {
    this.#waitingSince = Number.NaN
  }

  /** A message came: the wait is over, and later ones have the other limit. */
  arrived(): void {
    this.#waitingSince = Number.NaN
    this.#limitMs = this.#betweenMs
  }

  /** A message went the other way: the wait begins anew, with the other limit. */
  touch(): void {
    this.#limitMs = this.#betweenMs
    if (!Number.isNaN(this.#waitingSince)) this.wait()
  }

  [Symbol.dispose](): void {
    this.#disposed = true
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** The timer is not moved with each message: it comes due, looks how long the current wait has lasted, and sets itself again. */
  run(): void {
    this.#timer = undefined
    this.#timerAt = Infinity
    if (Number.isNaN(this.#waitingSince)) return
    if (this.#clock.now() < this.#waitingSince + this.#limitMs) {
      this.#watch()
    } else {
      this[Symbol.dispose]()
      this.#onIdle(this.#limitMs)
    }
  }

  #watch(): void {
    const dueAt = this.#waitingSince + this.#limitMs
    // Only a limit that is shorter than the one before needs the timer sooner.
    if (dueAt >= this.#timerAt) return
    this.#timer?.cancel()
    this.#timerAt = dueAt
    this.#timer = this.#clock.scheduleAt(dueAt, this)
  }
}
