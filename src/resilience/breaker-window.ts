// BreakerWindow: what a circuit breaker remembers of the calls that ended lately, the last so many of them or those of the last so many milliseconds.
import { checkNumber } from '../primitives/check.ts'

/** What was counted. A call may be both a failure and slow. */
export interface WindowCounts {
  readonly calls: number
  readonly failures: number
  readonly slow: number
}

/** Counts calls and forgets them again: bounded memory, and constant time to record one. `now` is a moment of one clock that does not run backwards. */
export interface BreakerWindow {
  /** What is counted, as of the last call that was recorded. */
  readonly calls: number
  readonly failures: number
  readonly slow: number
  /** Adds a call that ended. */
  record(failed: boolean, slow: boolean, now: number): void
  /** What is counted at this moment; changes nothing. */
  countsAt(now: number): WindowCounts
  /** Forgets all. */
  clear(): void
  /** All that it holds, for `load`. */
  save(now: number): readonly number[]
  /** Takes up, in place of what it holds, what a window of the same kind and size saved that long ago. What none of its kind can have saved is left out. */
  load(saved: readonly number[], elapsedMs: number, now: number): void
}

/** Remembers the last `size` calls, a byte each. Throws a RangeError for a size that is no integer from 1 to 100,000. */
export class CountWindow implements BreakerWindow {
  calls = 0
  failures = 0
  slow = 0
  readonly #marks: Uint8Array
  /** Where the next call goes: over the oldest one, once all places are taken. */
  #next = 0

  constructor(size: number) {
    this.#marks = new Uint8Array(checkNumber('windowCalls', size, { min: 1, max: 100_000, integer: true }))
  }

  record(failed: boolean, slow: boolean): void {
    this.#record((failed ? failedMark : 0) | (slow ? slowMark : 0))
  }

  countsAt(): WindowCounts {
    return { calls: this.calls, failures: this.failures, slow: this.slow }
  }

  clear(): void {
    this.calls = 0
    this.failures = 0
    this.slow = 0
    this.#next = 0
  }

  save(): number[] {
    const oldest = this.calls < this.#marks.length ? 0 : this.#next
    return Array.from({ length: this.calls }, (_, i) => this.#marks[(oldest + i) % this.#marks.length] ?? 0)
  }

  load(saved: readonly number[]): void {
    this.clear()
    for (const mark of saved) if (Number.isInteger(mark) && mark >= 0 && mark <= bothMarks) this.#record(mark)
  }

  #record(mark: number): void {
    if (this.calls === this.#marks.length) {
      const left = this.#marks[this.#next] ?? 0
      this.failures -= left & failedMark
      this.slow -= (left & slowMark) >> 1
    } else {
      this.calls++
    }
    this.#marks[this.#next] = mark
    this.#next = this.#next + 1 === this.#marks.length ? 0 : this.#next + 1
    this.failures += mark & failedMark
    this.slow += (mark & slowMark) >> 1
  }
}

const failedMark = 1
const slowMark = 2
const bothMarks = failedMark | slowMark

/** In how many buckets a time window moves on: it forgets a tenth at a time, and holds from nine tenths of its length to all of it. */
const buckets = 10
/** Calls, failures and slow ones. */
const numbers = 3

/**
 * Remembers the calls of the last `windowMs` as sums of a tenth of it each. No timer moves it on: the next call that is recorded does.
 * Throws a RangeError for a length that is not from 10 ms to a day.
 */
export class TimeWindow implements BreakerWindow {
  calls = 0
  failures = 0
  slow = 0
  readonly #bucketMs: number
  readonly #sums = new Uint32Array(buckets * numbers)
  /** The bucket that is being filled: counted from the clock's start, as a place among the sums, and when it is full. */
  #turn = -Infinity
  #at = 0
  #endsAt = -Infinity

  constructor(windowMs: number) {
    this.#bucketMs = checkNumber('windowMs', windowMs, { min: 10, max: 86_400_000 }) / buckets
  }

  record(failed: boolean, slow: boolean, now: number): void {
    if (now >= this.#endsAt) this.#moveOn(now)
    const at = this.#at
    this.#sums[at] = (this.#sums[at] as number) + 1
    this.calls++
    if (failed || slow) this.#add(at, 0, failed ? 1 : 0, slow ? 1 : 0)
  }

  countsAt(now: number): WindowCounts {
    const counts = { calls: 0, failures: 0, slow: 0 }
    const turn = this.#turnAt(now)
    for (let i = this.#turn; i > this.#turn - buckets && i > turn - buckets; i--) {
      const [calls, failures, slow] = this.#sumsOf(i)
      counts.calls += calls
      counts.failures += failures
      counts.slow += slow
    }
    return counts
  }

  clear(): void {
    this.#sums.fill(0)
    this.calls = 0
    this.failures = 0
    this.slow = 0
  }

  /** The newest bucket first. */
  save(now: number): number[] {
    const turn = this.#turnAt(now)
    return Array.from({ length: buckets }, (_, age) => this.#sumsOf(turn - age)).flat()
  }

  load(saved: readonly number[], elapsedMs: number, now: number): void {
    this.clear()
    this.#turn = this.#turnAt(now)
    this.#endsAt = (this.#turn + 1) * this.#bucketMs
    this.#at = placeOf(this.#turn)
    const older = Math.round(elapsedMs / this.#bucketMs)
    for (let age = 0; age + older < buckets; age++) {
      const [calls = 0, failures = 0, slow = 0] = saved.slice(age * numbers, (age + 1) * numbers)
      const fits = failures <= calls && slow <= calls && calls <= most && failures >= 0 && slow >= 0
      if (fits) this.#add(placeOf(this.#turn - age - older), Math.trunc(calls), Math.trunc(failures), Math.trunc(slow))
    }
  }

  #add(at: number, calls: number, failures: number, slow: number): void {
    const sums = this.#sums
    sums[at] = (sums[at] as number) + calls
    sums[at + 1] = (sums[at + 1] as number) + failures
    sums[at + 2] = (sums[at + 2] as number) + slow
    this.calls += calls
    this.failures += failures
    this.slow += slow
  }

  /** Forgets the buckets that have become too old, and begins the one of this moment. */
  #moveOn(now: number): void {
    const turn = this.#turnAt(now)
    for (let i = Math.max(this.#turn + 1, turn - buckets + 1); i <= turn; i++) {
      const [calls, failures, slow] = this.#sumsAt(placeOf(i))
      this.calls -= calls
      this.failures -= failures
      this.slow -= slow
      this.#sums.fill(0, placeOf(i), placeOf(i) + numbers)
    }
    this.#turn = turn
    this.#endsAt = (turn + 1) * this.#bucketMs
    this.#at = placeOf(turn)
  }

  #turnAt(now: number): number {
    return Math.floor(now / this.#bucketMs)
  }

  #sumsOf(turn: number): [calls: number, failures: number, slow: number] {
    return turn > this.#turn || turn <= this.#turn - buckets ? [0, 0, 0] : this.#sumsAt(placeOf(turn))
  }

  #sumsAt(at: number): [calls: number, failures: number, slow: number] {
    return [this.#sums[at] ?? 0, this.#sums[at + 1] ?? 0, this.#sums[at + 2] ?? 0]
  }
}

/** More than a bucket ever holds, and small enough that ten of them do not overflow. */
const most = 2 ** 31

function placeOf(turn: number): number {
  return (((turn % buckets) + buckets) % buckets) * numbers
}
