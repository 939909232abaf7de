// The place where work is done: slots that are taken for a service time, and a queue before them.
import type { Cancellation, Listener } from '../../core/cancellation.ts'
import type { Clock, Task, Timer } from '../../core/clock.ts'
import { type Context, listen } from '../../core/context.ts'
import { ServiceError } from '../../core/errors.ts'
import { refusal } from '../../resilience/refusal.ts'
import { Bag, type Placed } from './bag.ts'
import type { Level } from './timeline.ts'

/**
 * What is left undone once its caller has called it off or its deadline has passed: `all` of it, what was `waiting` while
 * what has begun runs to its end, or `none`.
 */
export type Abandons = 'all' | 'waiting' | 'none'

/** What several stations count together; each run has levels of its own. */
export interface StationLevels {
  /** Slots in use. */
  readonly busy: Level
  /** Calls that wait for a slot. */
  readonly waiting: Level
}

/** How a station works. */
export interface StationOptions {
  readonly clock: Clock
  readonly slots: number
  readonly queue: number
  readonly abandons: Abandons
  /** Draws how long the next work takes, in milliseconds. */
  serviceMs(): number
  readonly levels: StationLevels
}

/** First come, first served. */
export class Station {
  readonly #options: StationOptions
  readonly #working = new Bag<Job>()
  #first: Job | undefined
  #last: Job | undefined
  #waiting = 0
  #isPaused = false

  constructor(options: StationOptions) {
    this.#options = options
  }

  /** How many slots are in use. */
  get busy(): number {
    return this.#working.size
  }

  /** How many wait for one. */
  get waiting(): number {
    return this.#waiting
  }

  /** Resolves when a slot was had for a service time. Rejects with `resource_exhausted` when the queue is full, and when the work is abandoned. */
  work(ctx: Context): Promise<void> {
    return new Promise((resolve, reject) => {
      const { slots, queue, abandons } = this.#options
      if (abandons !== 'none' && ctx.aborted) {
        reject(ctx.cause)
        return
      }
      const isFree = this.#working.size < slots
      if (!isFree && this.#waiting >= queue) {
        reject(refusal('resource_exhausted', 'the queue is full'))
        return
      }
      const job = new Job(this, resolve, reject)
      if (abandons !== 'none') listen(ctx, job)
      if (isFree) this.#begin(job)
      else this.#enqueue(job)
    })
  }

  /** All work stands still. */
  pause(): void {
    this.#isPaused = true
    const now = this.#options.clock.now()
    for (const job of this.#working.members) job.stop(now)
  }

  /** Goes on where it was paused. */
  resume(): void {
    this.#isPaused = false
    for (const job of this.#working.members) this.#schedule(job)
  }

  /** Everything is lost. */
  clear(): void {
    const cause = new ServiceError('unavailable', 'the instance has died')
    // Those that wait go first, while none of them can have a slot.
    while (this.#first !== undefined) this.leave(this.#first, cause)
    for (const job of this.#working.members) this.leave(job, cause)
  }

  /** A job has had its time, or is given up. */
  leave(job: Job, cause?: unknown): void {
    const { clock, levels } = this.#options
    if (this.#working.remove(job)) levels.busy.change(-1, clock.now())
    else this.#dequeue(job)
    job.end(cause)
    const next = this.#first
    if (next === undefined || this.#working.size >= this.#options.slots) return
    this.#dequeue(next)
    this.#begin(next)
  }

  #begin(job: Job): void {
    const { clock, levels, abandons } = this.#options
    this.#working.add(job)
    levels.busy.change(1, clock.now())
    job.leftMs = this.#options.serviceMs()
    if (abandons === 'waiting') job.list?.remove(job)
    if (!this.#isPaused) this.#schedule(job)
  }

  #schedule(job: Job): void {
    const { clock } = this.#options
    job.endAt = clock.now() + job.leftMs
    job.timer = clock.scheduleAt(job.endAt, job)
  }

  #enqueue(job: Job): void {
    this.#waiting++
    this.#options.levels.waiting.change(1, this.#options.clock.now())
    job.ahead = this.#last
    if (this.#last === undefined) this.#first = job
    else this.#last.behind = job
    this.#last = job
  }

  #dequeue(job: Job): void {
    this.#waiting--
    this.#options.levels.waiting.change(-1, this.#options.clock.now())
    if (job.ahead === undefined) this.#first = job.behind
    else job.ahead.behind = job.behind
    if (job.behind === undefined) this.#last = job.ahead
    else job.behind.ahead = job.ahead
    job.ahead = undefined
    job.behind = undefined
  }
}

/** One call's work: its place in the queue, its timer, and what hears of its end. */
class Job implements Listener, Task, Placed {
  next: Listener | undefined = undefined
  previous: Listener | undefined = undefined
  list: Cancellation | undefined = undefined
  place = -1
  ahead: Job | undefined = undefined
  behind: Job | undefined = undefined
  timer: Timer | undefined = undefined
  leftMs = 0
  endAt = 0
  readonly #station: Station
  readonly #resolve: () => void
  readonly #reject: (cause: unknown) => void

  constructor(station: Station, resolve: () => void, reject: (cause: unknown) => void) {
    this.#station = station
    this.#resolve = resolve
    this.#reject = reject
  }

  /** The service time is over. */
  run(): void {
    this.#station.leave(this)
  }

  /** The call was called off. */
  fire(cause: unknown): void {
    this.#station.leave(this, cause)
  }

  /** Keeps what is left of the service time for later. */
  stop(now: number): void {
    this.timer?.cancel()
    this.leftMs = this.endAt - now
  }

  end(cause: unknown): void {
    this.timer?.cancel()
    this.list?.remove(this)
    if (cause === undefined) this.#resolve()
    else this.#reject(cause)
  }
}
