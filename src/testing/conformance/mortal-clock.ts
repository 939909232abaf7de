// A clock that can be stopped for one user of it, as the end of a process stops all that it has planned.
import { type Abortable, type Clock, type ScheduleOptions, sleepOn, type Task, type Timer } from '../../core/clock.ts'

/** Passes on to another clock; what comes due while it is stopped never runs. */
export class MortalClock implements Clock {
  readonly #clock: Clock
  #isStopped = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  stop(): void {
    this.#isStopped = true
  }

  go(): void {
    this.#isStopped = false
  }

  now(): number {
    return this.#clock.now()
  }

  wallNow(): number {
    return this.#clock.wallNow()
  }

  schedule(delayMs: number, run: () => void, options?: ScheduleOptions): Timer {
    return this.#clock.schedule(delayMs, () => this.#run({ run }), options)
  }

  scheduleAt(at: number, task: Task, options?: ScheduleOptions): Timer {
    return this.#clock.scheduleAt(at, { run: () => this.#run(task) }, options)
  }

  sleep(delayMs: number, until?: Abortable): Promise<void> {
    return sleepOn(this, delayMs, until)
  }

  #run(task: Task): void {
    if (!this.#isStopped) task.run()
  }
}
