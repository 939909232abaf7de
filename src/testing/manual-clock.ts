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
  /** By moment, the latest first, so that the next one is taken from the end. */
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
    return this.#entries.at(-1)?.at ?? Infinity
  }

  schedule(delayMs: number, run: () => void, options?: ScheduleOptions): Timer {
    return this.scheduleAt(this.#now + checkNumber('delayMs', delayMs, { min: 0 }), { run }, options)
  }

  scheduleAt(at: number, task: Task, _options?: ScheduleOptions): Timer {
    checkNumber('at', at, { min: -Infinity })
    const entry = new Entry(this, at, this.#scheduled++, task)
    if (at !== Infinity) this.#entries.splice(this.#placeOf(entry), 0, entry)
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
    const place = this.#placeOf(entry)
    if (this.#entries[place] === entry) this.#entries.splice(place, 1)
  }

  #takeDue(until: number): Entry | undefined {
    const next = this.#entries.at(-1)
    if (next === undefined || next.at > until) return undefined
    this.#now = Math.max(this.#now, next.at)
    return this.#entries.pop()
  }

  /** Where an entry is, or belongs: the first place whose entry does not come later. */
  #placeOf(entry: Entry): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#entries[middle] as Entry).isAfter(entry)) low = middle + 1
      else high = middle
    }
    return low
  }
}

class Entry implements Timer {
  readonly at: number
  readonly task: Task
  readonly #order: number
  readonly #clock: ManualClock

  constructor(clock: ManualClock, at: number, order: number, task: Task) {
    this.#clock = clock
    this.at = at
    this.#order = order
    this.task = task
  }

  isAfter(other: Entry): boolean {
    return this.at > other.at || (this.at === other.at && this.#order > other.#order)
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
