// The pressure on the event loop: how late it comes to what is due and how much of its time it works, as the level by which load is shed.
import { type Clock, systemClock, type Timer } from '../core/clock.ts'
import { checkNumber, finite } from '../primitives/check.ts'
import { Ewma } from '../primitives/ewma.ts'
import { type LoopTimes, loopTimes, utilization } from './loop-times.ts'

export type { LoopTimes } from './loop-times.ts'

/** When the event loop is overloaded, and how it is measured. */
export interface EventLoopPressureOptions {
  /**
   * How late the loop may come on the mean to what is due, in milliseconds, from 1 on. A healthy loop is 1 to 5 ms late; a call is
   * that late several times. One that shares its CPU with others, or is throttled to a part of one, may be 20 ms late without a call of its own. @default 50
   */
  readonly maxDelayMs?: number | undefined
  /**
   * The share of its time that the loop may work, from 0.1 to 1. A loop that always works does all it can, and is overloaded only when
   * its delay grows; so set it only where other work must find room. Looked at on Node alone. @default not looked at
   */
  readonly maxUtilizationRatio?: number | undefined
  /** How often the loop is looked at while somebody asks for the level, in milliseconds, from 5 to 1_000. Each time wakes a process that has nothing else to do. @default 100 */
  readonly sampleMs?: number | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
  /** How long the loop has worked and waited; null when nobody can tell. @default what Node tells */
  readonly times?: (() => LoopTimes) | null | undefined
}

/** How loaded the event loop was lately. */
export interface EventLoopSnapshot {
  readonly maxDelayMs: number
  /** Undefined where it is not looked at. */
  readonly maxUtilizationRatio: number | undefined
  readonly delayMs: number
  /** Undefined where nobody can tell. */
  readonly utilizationRatio: number | undefined
  readonly level: number
}

/** Measures until it is disposed; the level is then 0. */
export interface EventLoopPressure extends Disposable {
  /**
   * 0 when idle, 1 at the limit, above 1 when overloaded; whichever of delay and utilisation is more. By its own clock, whatever moment it
   * is asked for: that of the calls may be another one, a simulation's say.
   */
  level(now: number): number
  snapshot(): EventLoopSnapshot
}

// One block of 100 ms, as a collection of garbage may be, does not reach the default limit; a delay of twice the limit reaches it in a third of a second.
const decayMs = 500
// No criticality tolerates more than 16 times the limit, so that longer blocks say nothing more. A process that was stopped, by a debugger
// or with its machine, would otherwise seem overloaded for as long as it takes to forget hours.
const highestLevel = 20
// A timer that wakes an idle process costs it a hundred times as much as one more timer costs a busy one: nobody asks, nobody looks.
const restAfterMs = 1_000

/**
 * Measures the pressure on the event loop of this thread, for `loadShed({ pressure })`. A timer ticks at intervals while somebody asks for the
 * level, and for a second more; it does not hold the process. How late it comes is the delay, averaged over the last half second, with
 * more weight for what was later. A loop that was blocked is seen by the first who asks afterwards, before the timer comes.
 *
 * Throws a RangeError for an option out of its range.
 */
export function eventLoopPressure(options?: EventLoopPressureOptions): EventLoopPressure {
  return new LoopPressure(options)
}

class LoopPressure implements EventLoopPressure {
  readonly #maxDelayMs: number
  readonly #maxUtilizationRatio: number
  readonly #sampleMs: number
  readonly #clock: Clock
  readonly #times: (() => LoopTimes) | null
  readonly #delay = new Ewma({ decayMs })
  readonly #utilization = new Ewma({ decayMs })
  #before: LoopTimes = { active: 0, idle: 0 }
  #dueAt = 0
  #askedAt = -Infinity
  #timer: Timer | undefined
  #isDisposed = false

  constructor(options?: EventLoopPressureOptions) {
    this.#maxDelayMs = checkNumber('maxDelayMs', options?.maxDelayMs ?? 50, { min: 1, max: 60_000 })
    const maxRatio = options?.maxUtilizationRatio
    this.#maxUtilizationRatio =
      maxRatio === undefined ? Infinity : checkNumber('maxUtilizationRatio', maxRatio, { min: 0.1, max: 1 })
    this.#sampleMs = checkNumber('sampleMs', options?.sampleMs ?? 100, { min: 5, max: 1_000 })
    this.#clock = options?.clock ?? systemClock
    this.#times = options?.times === undefined ? loopTimes() : options.times
  }

  level(): number {
    if (this.#isDisposed) return 0
    const now = this.#clock.now()
    this.#askedAt = now
    if (this.#timer === undefined) this.#start(now)
    // The tick is overdue: the loop was blocked, and has come to its sockets before its timers.
    const lateMs = now - this.#dueAt
    if (lateMs > this.#delay.value) this.#late(lateMs, now)
    return this.#levelAt(now)
  }

  snapshot(): EventLoopSnapshot {
    const now = this.#clock.now()
    return {
      maxDelayMs: this.#maxDelayMs,
      maxUtilizationRatio: finite(this.#maxUtilizationRatio),
      delayMs: this.#faded(this.#delay, now),
      utilizationRatio: this.#times === null ? undefined : this.#faded(this.#utilization, now),
      level: this.#isDisposed ? 0 : this.#levelAt(now),
    }
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#rest()
  }

  /** The tick. */
  run(): void {
    const now = this.#clock.now()
    this.#late(now - this.#dueAt, now)
    if (this.#times !== null) {
      const times = this.#times()
      this.#utilization.add(utilization(this.#before, times), now)
      this.#before = times
    }
    if (now - this.#askedAt > restAfterMs) this.#rest()
    else this.#schedule(now)
  }

  #late(lateMs: number, now: number): void {
    this.#delay.add(Math.min(Math.max(0, lateMs), highestLevel * this.#maxDelayMs), now)
  }

  #levelAt(now: number): number {
    const delay = this.#faded(this.#delay, now) / this.#maxDelayMs
    return Math.max(delay, this.#faded(this.#utilization, now) / this.#maxUtilizationRatio)
  }

  /** What was measured fades while nobody looks: then nothing is asked of the loop. */
  #faded(measured: Ewma, now: number): number {
    return this.#timer === undefined ? measured.valueAt(now) : measured.value
  }

  #start(now: number): void {
    // From nothing, so that the first sample does not have all the weight.
    this.#delay.add(0, now)
    this.#utilization.add(0, now)
    if (this.#times !== null) this.#before = this.#times()
    this.#schedule(now)
  }

  #rest(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #schedule(now: number): void {
    this.#dueAt = now + this.#sampleMs
    this.#timer = this.#clock.scheduleAt(this.#dueAt, this, { background: true })
  }
}
