// Histogram: how values are spread, counted in buckets. Those of several hosts may be added, and quantiles be taken of the sum.
import type { Context } from '../core/context.ts'
import { type Exemplar, Looks, type Turn } from './exemplar.ts'
import type { MetricSpec } from './metric-spec.ts'

/** What a histogram says of itself. */
export interface HistogramSpec<L extends string = never> extends MetricSpec<L> {
  /** The upper bounds of the buckets, each belonging to its bucket, ascending; one without a bound is added. @default latencyBuckets, in seconds */
  readonly buckets?: readonly number[] | undefined
}

/** Counts values in buckets. */
export interface Histogram {
  /** Counts a value. The trace of `ctx` may become the exemplar of its bucket. What is not a finite number is left out. */
  observe(value: number, ctx?: Context): void
}

/** One series of a histogram in memory. */
export class HistogramSeries implements Histogram {
  readonly values: readonly string[]
  /** The upper bounds of all buckets but the last one. */
  readonly bounds: Float64Array
  /** How many values each bucket holds, by itself. */
  readonly counts: Float64Array
  readonly #turn: Turn
  #sum = 0
  #exemplars: (Exemplar | undefined)[] | undefined
  #exemplarTurns: Float64Array | undefined
  #looks: Looks | undefined

  constructor(values: readonly string[], bounds: Float64Array, turn: Turn) {
    this.values = values
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
    this.#turn = turn
  }

  get sum(): number {
    return this.#sum
  }

  /** How many values there are in all. */
  get count(): number {
    let count = 0
    for (const inBucket of this.counts) count += inBucket
    return count
  }

  /** The exemplar of a bucket. */
  exemplar(bucket: number): Exemplar | undefined {
    return this.#exemplars?.[bucket]
  }

  observe(value: number, ctx?: Context): void {
    // Infinity has a bucket, but the sum would never come back from it.
    if (!Number.isFinite(value)) return
    const { bounds } = this
    let low = 0
    let high = bounds.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (value <= (bounds[middle] as number)) high = middle
      else low = middle + 1
    }
    ;(this.counts[low] as number)++
    this.#sum += value
    if (ctx !== undefined && this.#exemplarTurns?.[low] !== this.#turn.count) this.#exemplify(low, value, ctx)
  }

  #exemplify(bucket: number, value: number, ctx: Context): void {
    this.#looks ??= new Looks(this.#turn)
    const exemplar = this.#looks.at(ctx, value)
    if (exemplar === undefined) return
    this.#exemplars ??= []
    this.#exemplarTurns ??= new Float64Array(this.counts.length).fill(-1)
    this.#exemplars[bucket] = exemplar
    this.#exemplarTurns[bucket] = this.#turn.count
  }
}
