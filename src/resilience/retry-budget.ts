// retryBudget: how many repetitions one downstream may get on top of its calls, whoever makes them: a retry, or a hedge.
import type { Clock } from '../core/clock.ts'
import { checkNumber } from '../primitives/check.ts'

/** How many repetitions are allowed. Each option may be changed while running. */
export interface RetryBudgetOptions {
  /** Repetitions as a share of the calls of the last ten seconds, from 0. @default 0.2 */
  readonly ratio?: number | undefined
  /** More of them each second, from 0; at low rates no more than half of what `ratio` gives. A budget that is new has so many at once. @default 10 */
  readonly reservePerSecond?: number | undefined
  /** At least so many each second, from 0, so that a client that rarely calls may repeat at all. @default 1 */
  readonly minPerSecond?: number | undefined
}

/** What a budget allows, and what has become of it. */
export interface RetryBudgetSnapshot {
  readonly ratio: number
  readonly reservePerSecond: number
  readonly minPerSecond: number
  /** Calls a second, over the last ten. */
  readonly callsPerSecond: number
  /** Repetitions a second that are allowed now. */
  readonly allowedPerSecond: number
  /** Repetitions that could be made at once. */
  readonly banked: number
  /** How many were made. */
  readonly spent: number
  /** How many were not, for want of budget. */
  readonly refused: number
}

/** What may be repeated of the calls to one downstream. Share one among all that calls it. */
export interface RetryBudget {
  /** Counts a call, the first attempt of it. */
  record(clock: Clock): void
  /** Takes one repetition; false when none is left. */
  take(now: number): boolean
  /** Gives back one that was taken and then not made. */
  giveBack(): void
  /** Sets options anew; those not given stay. Throws a RangeError for one out of its range. */
  change(options: RetryBudgetOptions): void
  /** By the clock of the calls. To look changes nothing. */
  snapshot(): RetryBudgetSnapshot
}

/**
 * Makes a budget: repetitions are a small share of the calls, so that a downstream that fails gets hardly more load than one
 * that works (Google SRE, "Handling Overload"; Finagle's RetryBudget). What is not used is kept for one second and no longer.
 * Throws a RangeError for an option out of its range.
 */
export function retryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  return new Budget(options)
}

/** Gives a budget back, or throws a TypeError for what is none. */
export function checkBudget(budget: RetryBudget): RetryBudget {
  if (typeof budget?.take === 'function' && typeof budget.record === 'function') return budget
  throw new TypeError('budget must be what retryBudget() gives')
}

const windowMs = 10_000
const slots = 10
const slotMs = windowMs / slots
// To read the clock costs more than all else that a call does here; so calls are counted sixteen at a time.
const batch = 16

class Budget implements RetryBudget {
  #ratio = 0.2
  #reservePerSecond = 10
  #minPerSecond = 1
  /** Calls of each second, by the number of the second modulo ten. */
  readonly #counts = new Uint32Array(slots)
  #slot = 0
  #calls = 0
  /** Calls that are not in the window yet. */
  #uncounted = 0
  #banked = 0
  #filledAt = Number.NaN
  /** When the first call was counted, or the first repetition asked for. */
  #bornAt = Number.NaN
  #seenMs = 0
  /** Of the latest call; while there was none, nothing has changed by itself. */
  #clock: Clock | undefined
  #spent = 0
  #refused = 0

  constructor(options: RetryBudgetOptions) {
    this.change(options)
  }

  record(clock: Clock): void {
    this.#clock = clock
    if (Number.isNaN(this.#bornAt)) this.#bornAt = clock.now()
    if (++this.#uncounted >= batch) this.#count(clock.now())
  }

  take(now: number): boolean {
    this.#fill(now)
    if (this.#banked < 1) {
      this.#refused++
      return false
    }
    this.#banked--
    this.#spent++
    return true
  }

  giveBack(): void {
    this.#banked = Math.min(this.#mostBanked, this.#banked + 1)
    this.#spent--
  }

  change(options: RetryBudgetOptions): void {
    const {
      ratio = this.#ratio,
      reservePerSecond = this.#reservePerSecond,
      minPerSecond = this.#minPerSecond,
    } = options
    const max = Number.MAX_SAFE_INTEGER
    checkNumber('ratio', ratio, { min: 0, max })
    checkNumber('reservePerSecond', reservePerSecond, { min: 0, max })
    checkNumber('minPerSecond', minPerSecond, { min: 0, max })
    this.#ratio = ratio
    this.#reservePerSecond = reservePerSecond
    this.#minPerSecond = minPerSecond
  }

  snapshot(): RetryBudgetSnapshot {
    if (this.#clock !== undefined) this.#fill(this.#clock.now())
    return {
      ratio: this.#ratio,
      reservePerSecond: this.#reservePerSecond,
      minPerSecond: this.#minPerSecond,
      callsPerSecond: this.#callsPerSecond(),
      allowedPerSecond: this.#allowedPerSecond(),
      banked: Number.isNaN(this.#filledAt) ? this.#mostBanked : this.#banked,
      spent: this.#spent,
      refused: this.#refused,
    }
  }

  /** Puts into the bank what has come since it was last looked at, at the rate that is allowed now. */
  #fill(now: number): void {
    this.#count(now)
    const most = this.#mostBanked
    const came = Number.isNaN(this.#filledAt)
      ? most
      : (this.#allowedPerSecond() * Math.max(0, now - this.#filledAt)) / 1_000
    this.#banked = Math.min(most, this.#banked + came)
    this.#filledAt = now
  }

  get #mostBanked(): number {
    const allowed = this.#allowedPerSecond()
    // What the smallest budget allows is one repetition now and then, and not none.
    const least = allowed === 0 ? 0 : Math.max(1, this.#seenMs < windowMs ? this.#reservePerSecond : 0)
    return Math.max(least, allowed)
  }

  #count(now: number): void {
    if (Number.isNaN(this.#bornAt)) this.#bornAt = now
    this.#seenMs = Math.min(windowMs, Math.max(slotMs, now - this.#bornAt))
    const slot = Math.floor(now / slotMs)
    // Of the slots that time has passed over since, none is within the window any more.
    for (let left = Math.min(slot - this.#slot, slots), passed = slot; left > 0; left--, passed--) {
      const place = passed % slots
      this.#calls -= this.#counts[place] ?? 0
      this.#counts[place] = 0
    }
    if (slot > this.#slot) this.#slot = slot
    const place = this.#slot % slots
    this.#counts[place] = (this.#counts[place] ?? 0) + this.#uncounted
    this.#calls += this.#uncounted
    this.#uncounted = 0
  }

  #callsPerSecond(): number {
    return this.#seenMs === 0 ? 0 : (this.#calls * 1_000) / this.#seenMs
  }

  #allowedPerSecond(): number {
    const share = this.#ratio * this.#callsPerSecond()
    return Math.max(this.#minPerSecond, share + Math.min(this.#reservePerSecond, share / 2))
  }
}
