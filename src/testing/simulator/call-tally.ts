// What became of calls, as their caller sees it: how many were offered, how they ended, and how long that took.
import type { Code } from '../../core/codes.ts'
import { Durations, type Latency } from './durations.ts'
import { Counts, type Timeline } from './timeline.ts'

/** Calls that were offered in a run, and calls that ended in it. */
export interface CallReport {
  /** How many calls were made. */
  readonly offered: number
  readonly offeredPerSecond: number
  readonly succeeded: number
  /** Successes a second. */
  readonly goodputPerSecond: number
  readonly failed: number
  /** How many failed with each code; the codes in the order of the alphabet. */
  readonly failures: Readonly<Partial<Record<Code, number>>>
  /** Successes among those that ended; 1 when none did. */
  readonly successRatio: number
  /** Of those that succeeded. */
  readonly latencyMs: Latency
  /** How long those took that failed. */
  readonly failedAfterMs: Latency
  /** One value for each interval of the run. */
  readonly intervals: {
    readonly offered: readonly number[]
    readonly succeeded: readonly number[]
    readonly failed: readonly number[]
    /** Of those that succeeded in the interval, in milliseconds; 0 where none did. */
    readonly p50Ms: readonly number[]
    readonly p99Ms: readonly number[]
  }
}

/** Counts the calls of one run. */
export class CallTally {
  readonly #timeline: Timeline
  readonly #offered: Counts
  readonly #succeeded: Counts
  readonly #failed: Counts
  readonly #codes = new Map<Code, number>()
  readonly #latency: Durations
  readonly #failedAfter: Durations

  constructor(timeline: Timeline) {
    this.#timeline = timeline
    this.#offered = new Counts(timeline)
    this.#succeeded = new Counts(timeline)
    this.#failed = new Counts(timeline)
    this.#latency = new Durations(timeline)
    this.#failedAfter = new Durations(timeline)
  }

  get offered(): number {
    return this.#offered.total
  }

  offer(at: number): void {
    this.#offered.add(at)
  }

  succeed(tookMs: number, at: number): void {
    this.#succeeded.add(at)
    this.#latency.record(tookMs, at)
  }

  fail(code: Code, tookMs: number, at: number): void {
    this.#failed.add(at)
    this.#failedAfter.record(tookMs, at)
    this.#codes.set(code, (this.#codes.get(code) ?? 0) + 1)
  }

  get report(): CallReport {
    const [offered, succeeded, failed] = [this.#offered.total, this.#succeeded.total, this.#failed.total]
    const seconds = (this.#timeline.untilAt - this.#timeline.fromAt) / 1_000
    const { p50: p50Ms, p99: p99Ms } = this.#latency.intervals
    return {
      offered,
      offeredPerSecond: offered / seconds,
      succeeded,
      goodputPerSecond: succeeded / seconds,
      failed,
      failures: Object.fromEntries([...this.#codes].sort(([a], [b]) => (a < b ? -1 : 1))),
      successRatio: succeeded + failed === 0 ? 1 : succeeded / (succeeded + failed),
      latencyMs: this.#latency.latency,
      failedAfterMs: this.#failedAfter.latency,
      intervals: {
        offered: this.#offered.intervals,
        succeeded: this.#succeeded.intervals,
        failed: this.#failed.intervals,
        p50Ms,
        p99Ms,
      },
    }
  }
}
