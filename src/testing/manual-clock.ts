// A clock that stands still until a test moves it, so that every policy runs unchanged on virtual time.
import { type Abortable, type Clock, type ScheduleOptions, sleepOn, type Task, type Timer } from '../core/clock.ts'
import { checkNumber } from '../primitives/check.ts'

/** Where virtual time begins. */
export interface ManualClockOptions {
  /** What `now()` begins with, in milliseconds. @default 0 */
  readonly startAt?: number | undefined
  /** What `wallNow()` begins with, in milliseconds since the epoch. @default 2026-01-01T00:00:00Z */
  readonly wallStartAt?: number | undefined
}

/** Owns time: nothing is ever early or late, and of what is due at the same moment the one scheduled first runs first. */
export class ManualClock implements Clock {
  readonly #startAt: number
  readonly #wallStartAt: number
  #now: number
  #scheduled = 0
  /** A binary heap, the next one to run first: ten thousand tasks may be asleep. */
  readonly #entries: Entry[] = []

  constructor(options?: ManualClockOptions) {
    this.#startAt = checkNumber('startAt', options?.startAt ?? 0, { min: 0, max: Number.MAX_SAFE_INTEGER })
    this.#wallStartAt = options?.wallStartAt ?? Date.UTC(2026, 0, 1)
    this.#now = this.#startAt
  }

  now(): number {
    return this.#now
  }

  wallNow(): number {
    return this.#wallStartAt + this.#now - this.#startAt
  }

  /** How many runs are pending: 0 when nothing was leaked. */
  get pending(): number {
    return this.#entries.length
  }

  /** The moment at which the next run is due; Infinity when none is pending. */
  get nextAt(): number {
    return this.#entries[0]?.at ?? Infinity
  }

  schedule(delayMs: number, run: () => void, options?: ScheduleOptions): Timer {
    return this.scheduleAt(this.#now + checkNumber('delayMs', delayMs, { min: 0 }), { run }, options)
  }

  scheduleAt(at: number, task: Task, _options?: ScheduleOptions): Timer {
    checkNumber('at', at, { min: -Infinity })
    const entry = new Entry(this, at, this.#scheduled++, task)
    if (at !== Infinity) this.#put(entry, this.#entries.length)
    return entry
  }

  sleep(delayMs: number, until?: Abortable): Promise<void> {
    return sleepOn(this, delayMs, until)
  }

  /**
   * Moves time forward. Whatever comes due runs at its own moment, and before the next one runs, all that follows from it
   * without more time has happened. Rejects with what a run throws.
   */
  async advance(ms: number): Promise<void> {
    const until = this.#now + checkNumber('ms', ms, { min: 0, max: Number.MAX_SAFE_INTEGER })
    await settle()
    for (let entry = this.#takeDue(until); entry !== undefined; entry = this.#takeDue(until)) {
      entry.task.run()
      await settle()
    }
    // Another `advance`, begun meanwhile, may have gone further.
    this.#now = Math.max(this.#now, until)
  }

  /**
   * Moves time to what is due next and runs it, if that is before a moment; false otherwise, and time is at that moment. What
   * follows without more time happens when the caller lets go: for those who drive very many runs by themselves.
   */
  runNext(before: number): boolean {
    const next = this.#entries[0]
    if (next !== undefined && next.at < before) {
      this.#takeDue(before)
      next.task.run()
      return true
    }
    if (before < Infinity) this.#now = Math.max(this.#now, before)
    return false
  }

  /** Moves time to whatever is due next, and on, until nothing is pending. Throws after `most` runs: something sets itself again and again. */
  async runAll(most = 1_000_000): Promise<void> {
    checkNumber('most', most, { min: 0, integer: true })
    await settle()
    for (let runs = 0; this.#entries.length > 0; runs++) {
      if (runs === most) throw new RangeError(`still ${this.pending} pending after ${most} runs`)
      this.#takeDue(Infinity)?.task.run()
      await settle()
    }
  }

  /** Lets all that needs no time happen. */
  settle(): Promise<void> {
    return settle()
  }

  cancel(entry: Entry): void {
    const { place } = entry
    if (place === -1) return
    entry.place = -1
    const last = this.#entries.pop()
    if (last !== undefined && last !== entry) this.#put(last, place)
  }

  #takeDue(until: number): Entry | undefined {
    const next = this.#entries[0]
    if (next === undefined || next.at > until) return undefined
    this.#now = Math.max(this.#now, next.at)
    this.cancel(next)
    return next
  }

  /** Puts an entry into the heap by way of a free place: up while it comes before the one above, else down while one below comes before it. */
  #put(entry: Entry, free: number): void {
    const entries = this.#entries
    let place = free
    while (place > 0) {
      const up = (place - 1) >> 1
      const above = entries[up] as Entry
      if (!entry.isBefore(above)) break
      place = this.#set(place, above, up)
    }
    for (let down = 2 * place + 1; down < entries.length; down = 2 * place + 1) {
      let below = entries[down] as Entry
      const beside = entries[down + 1]
      if (beside?.isBefore(below)) {
        below = beside
        down++
      }
      if (!below.isBefore(entry)) break
      place = this.#set(place, below, down)
    }
    this.#set(place, entry, place)
  }

  /** Gives the place that is free then. */
  #set(place: number, entry: Entry, free: number): number {
    this.#entries[place] = entry
    entry.place = place
    return free
  }
}

class Entry implements Timer {
  readonly at: number
  readonly task: Task
  /** In the heap; -1 when it is not there. */
  place = -1
  readonly #order: number
  readonly #clock: ManualClock

  constructor(clock: ManualClock, at: number, order: number, task: Task) {
    this.#clock = clock
    this.at = at
    this.#order = order
    this.task = task
  }

  isBefore(other: Entry): boolean {
    return this.at < other.at || (this.at === other.at && this.#order < other.#order)
  }

  cancel(): void {
    this.#clock.cancel(this)
  }
}

/** Makes a clock that only `advance` moves. */
export function manualClock(options?: ManualClockOptions): ManualClock {
  return new ManualClock(options)
}

// One turn of the event loop runs every promise callback there is, however long the chain.
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
