// How long things took, as quantiles: of a whole run and of each of its intervals.
import { DDSketch } from '../../primitives/ddsketch.ts'
import type { Timeline } from './timeline.ts'

/** Milliseconds; 0 where nothing was recorded. Quantiles are within 0.5 %. */
export interface Latency {
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

const exactness = { relativeErrorRatio: 0.005 }

/** Durations in milliseconds. */
export class Durations {
  readonly #timeline: Timeline
  readonly #run = new DDSketch(exactness)
  /** Of the interval `#index`. */
  readonly #interval = new DDSketch(exactness)
  readonly #p50: Float64Array
  readonly #p99: Float64Array
  #index = 0

  constructor(timeline: Timeline) {
    this.#timeline = timeline
    this.#p50 = new Float64Array(timeline.length)
    this.#p99 = new Float64Array(timeline.length)
  }

  /** Moments must not go back. */
  record(tookMs: number, at: number): void {
    const index = this.#timeline.indexAt(at)
    if (index !== this.#index) this.#closeInterval(index)
    this.#run.record(tookMs)
    this.#interval.record(tookMs)
  }

  /** Of the whole run. */
  get latency(): Latency {
    const run = this.#run
    const at = (q: number) => quantile(run, q)
    const mean = run.count === 0 ? 0 : run.sum / run.count
    return { mean, p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99), p999: at(0.999), max: at(1) }
  }

  /** Of each interval. */
  get intervals(): { readonly p50: number[]; readonly p99: number[] } {
    this.#closeInterval(this.#index)
    return { p50: [...this.#p50], p99: [...this.#p99] }
  }

  #closeInterval(next: number): void {
    this.#p50[this.#index] = quantile(this.#interval, 0.5)
    this.#p99[this.#index] = quantile(this.#interval, 0.99)
    if (next === this.#index) return
    this.#interval.clear()
    this.#index = next
  }
}

function quantile(sketch: DDSketch, q: number): number {
  return sketch.count === 0 ? 0 : sketch.quantile(q)
}
