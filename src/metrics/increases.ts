// Increases: what metrics in memory have gained since it was last known to be sent, for receivers that add up themselves.
import type { CounterSeries } from './counter.ts'
import type { GaugeSeries } from './gauge.ts'
import type { HistogramSeries } from './histogram.ts'
import type { MetricFamily } from './registry.ts'
import type { SummarySeries, SummaryShape } from './summary.ts'

/** What one series has gained. */
export interface Increase {
  /** The values of its labels. */
  readonly values: readonly string[]
  /** Nothing of the series was confirmed yet: whoever leaves out what has gained nothing may want to show this one nevertheless. */
  readonly isFirst: boolean
  /** It has arrived, and is no part of what is taken from now on. Again it does nothing, nor after a later one was confirmed. */
  confirm(): void
}

/** What a counter was given. */
export interface CounterIncrease extends Increase {
  readonly value: number
}

/** What a histogram was shown. */
export interface HistogramIncrease extends Increase {
  /** The upper bounds of all buckets but the last one. */
  readonly bounds: Float64Array
  /** How many values came into each bucket, by itself. */
  readonly counts: Float64Array
  readonly sum: number
  readonly count: number
}

/** What a summary was shown. */
export interface SummaryIncrease extends Increase {
  readonly shape: SummaryShape
  readonly sum: number
  readonly count: number
  /** Those of the summary itself, over its `maxAgeMs`. */
  quantiles(): number[]
}

/** What all series of one metric have gained, in the order of the family. Gauges have no increase: they are as they are. */
export type IncreaseFamily =
  | { readonly kind: 'counter'; readonly family: Counters; readonly series: readonly CounterIncrease[] }
  | { readonly kind: 'gauge'; readonly family: Gauges; readonly series: readonly GaugeSeries[] }
  | { readonly kind: 'histogram'; readonly family: Histograms; readonly series: readonly HistogramIncrease[] }
  | { readonly kind: 'summary'; readonly family: Summaries; readonly series: readonly SummaryIncrease[] }

type Counters = Extract<MetricFamily, { readonly kind: 'counter' }>
type Gauges = Extract<MetricFamily, { readonly kind: 'gauge' }>
type Histograms = Extract<MetricFamily, { readonly kind: 'histogram' }>
type Summaries = Extract<MetricFamily, { readonly kind: 'summary' }>

/** Up to where a series is confirmed. */
interface Mark {
  /** The value of a counter, and the sum of others. */
  sum: number
  /** Of a histogram those of its buckets, of a summary its own. */
  counts: ArrayLike<number>
  /** 0 while nothing is. */
  turn: number
}

const none: ArrayLike<number> = []

/**
 * Remembers of each series what has arrived. What was taken and is not confirmed is part of what is taken next, so an interval whose sending failed is
 * late and not lost, and needs no memory; take again only when it is known of all before whether they have arrived, or they may count twice. A series that
 * is deleted takes along what was not confirmed.
 */
export class Increases {
  readonly #marks = new WeakMap<object, Mark>()
  /** Of whole families: their list is the same until a series comes or goes, and one look-up is cheaper than many. */
  readonly #ofLists = new WeakMap<readonly object[], readonly Mark[]>()
  #turn = 0

  /** What was gained since it was last confirmed. It does not change any more when its series do. */
  take(families: readonly MetricFamily[]): readonly IncreaseFamily[] {
    const turn = ++this.#turn
    return families.map((family): IncreaseFamily => {
      if (family.kind === 'gauge') return { kind: family.kind, family, series: family.series }
      const marks = this.#marksOf(family.series)
      const markOf = (index: number) => marks[index] as Mark
      switch (family.kind) {
        case 'counter': {
          const { kind } = family
          return { kind, family, series: family.series.map((one, at) => new CounterGain(one, markOf(at), turn)) }
        }
        case 'histogram': {
          const { kind } = family
          return { kind, family, series: family.series.map((one, at) => new HistogramGain(one, markOf(at), turn)) }
        }
        case 'summary': {
          const { kind } = family
          return { kind, family, series: family.series.map((one, at) => new SummaryGain(one, markOf(at), turn)) }
        }
      }
    })
  }

  #marksOf(series: readonly object[]): readonly Mark[] {
    let marks = this.#ofLists.get(series)
    if (marks === undefined) {
      marks = series.map((one) => this.#markOf(one))
      this.#ofLists.set(series, marks)
    }
    return marks
  }

  #markOf(series: object): Mark {
    let mark = this.#marks.get(series)
    if (mark === undefined) {
      mark = { sum: 0, counts: none, turn: 0 }
      this.#marks.set(series, mark)
    }
    return mark
  }
}

/** Confirms all that was taken together. */
export function confirmAll(taken: readonly IncreaseFamily[]): void {
  for (const family of taken) if (family.kind !== 'gauge') for (const one of family.series) one.confirm()
}

function confirm(mark: Mark, turn: number, sum: number, counts: ArrayLike<number>): void {
  if (mark.turn >= turn) return
  mark.sum = sum
  mark.counts = counts
  mark.turn = turn
}

class CounterGain implements CounterIncrease {
  readonly values: readonly string[]
  readonly value: number
  readonly isFirst: boolean
  readonly #mark: Mark
  readonly #turn: number
  readonly #total: number

  constructor({ values, value }: CounterSeries, mark: Mark, turn: number) {
    this.values = values
    this.value = value - mark.sum
    this.isFirst = mark.turn === 0
    this.#mark = mark
    this.#turn = turn
    this.#total = value
  }

  confirm(): void {
    confirm(this.#mark, this.#turn, this.#total, none)
  }
}

class HistogramGain implements HistogramIncrease {
  readonly values: readonly string[]
  readonly bounds: Float64Array
  readonly counts: Float64Array
  readonly sum: number
  readonly count: number
  readonly isFirst: boolean
  readonly #mark: Mark
  readonly #turn: number
  readonly #total: { readonly sum: number; readonly counts: Float64Array }

  constructor({ values, bounds, counts, sum }: HistogramSeries, mark: Mark, turn: number) {
    this.values = values
    this.bounds = bounds
    this.counts = counts.map((count, bucket) => count - (mark.counts[bucket] ?? 0))
    this.sum = sum - mark.sum
    this.count = this.counts.reduce((all, inBucket) => all + inBucket, 0)
    this.isFirst = mark.turn === 0
    this.#mark = mark
    this.#turn = turn
    this.#total = { sum, counts: counts.slice() }
  }

  confirm(): void {
    confirm(this.#mark, this.#turn, this.#total.sum, this.#total.counts)
  }
}

class SummaryGain implements SummaryIncrease {
  readonly values: readonly string[]
  readonly shape: SummaryShape
  readonly sum: number
  readonly count: number
  readonly isFirst: boolean
  readonly #mark: Mark
  readonly #turn: number
  readonly #series: SummarySeries
  readonly #total: { readonly sum: number; readonly counts: readonly number[] }

  constructor(series: SummarySeries, mark: Mark, turn: number) {
    const { values, shape, sum, count } = series
    this.values = values
    this.shape = shape
    this.sum = sum - mark.sum
    this.count = count - (mark.counts[0] ?? 0)
    this.isFirst = mark.turn === 0
    this.#mark = mark
    this.#turn = turn
    this.#series = series
    this.#total = { sum, counts: [count] }
  }

  quantiles(): number[] {
    return this.#series.quantiles()
  }

  confirm(): void {
    confirm(this.#mark, this.#turn, this.#total.sum, this.#total.counts)
  }
}
