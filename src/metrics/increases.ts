// Increases: what metrics in memory have gained since it was last known to be sent, for receivers that add up themselves.
import type { GaugeSeries } from './gauge.ts'
import type { CheckedSpec } from './metric-spec.ts'
import type { MetricFamily } from './registry.ts'
import type { SummaryShape } from './summary.ts'

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

/** What all series of one metric have gained. Gauges have no increase: they are as they are. */
export type IncreaseFamily =
  | { readonly kind: 'counter'; readonly spec: CheckedSpec; readonly series: readonly CounterIncrease[] }
  | { readonly kind: 'gauge'; readonly spec: CheckedSpec; readonly series: readonly GaugeSeries[] }
  | { readonly kind: 'histogram'; readonly spec: CheckedSpec; readonly series: readonly HistogramIncrease[] }
  | { readonly kind: 'summary'; readonly spec: CheckedSpec; readonly series: readonly SummaryIncrease[] }

/** What only grows, but for the sum of values below zero. */
interface Totals {
  readonly sum: number
  readonly counts: ArrayLike<number>
}

/** Up to where a series is confirmed. */
interface Mark {
  totals: Totals
  /** 0 while nothing is. */
  turn: number
}

const nothing: Totals = { sum: 0, counts: [] }

/**
 * Remembers of each series what has arrived. What was taken and is not confirmed is part of what is taken next, so an interval whose sending failed is
 * late and not lost, and needs no memory; take again only when it is known of all before whether they have arrived, or they may count twice. A series that
 * is deleted takes along what was not confirmed.
 */
export class Increases {
  readonly #marks = new WeakMap<object, Mark>()
  #turn = 0

  /** What was gained since it was last confirmed. It does not change any more when its series do. */
  take(families: readonly MetricFamily[]): readonly IncreaseFamily[] {
    this.#turn++
    return families.map((family): IncreaseFamily => {
      const { kind, spec } = family
      switch (kind) {
        case 'gauge':
          return family
        case 'counter':
          return { kind, spec, series: family.series.map((one) => this.#ofCounter(one)) }
        case 'histogram':
          return { kind, spec, series: family.series.map((one) => this.#ofHistogram(one)) }
        case 'summary':
          return { kind, spec, series: family.series.map((one) => this.#ofSummary(one)) }
      }
    })
  }

  #ofCounter(one: SeriesOf<'counter'>): CounterIncrease {
    const { sum, ...rest } = this.#since(one, { sum: one.value, counts: [] })
    return { ...rest, value: sum }
  }

  #ofHistogram(one: SeriesOf<'histogram'>): HistogramIncrease {
    const { counts, ...rest } = this.#since(one, { sum: one.sum, counts: one.counts.slice() })
    return { ...rest, bounds: one.bounds, counts, count: counts.reduce((all, inBucket) => all + inBucket, 0) }
  }

  #ofSummary(one: SeriesOf<'summary'>): SummaryIncrease {
    const { counts, ...rest } = this.#since(one, { sum: one.sum, counts: [one.count] })
    return { ...rest, shape: one.shape, count: counts[0] ?? 0, quantiles: () => one.quantiles() }
  }

  #since(series: { readonly values: readonly string[] }, totals: Totals) {
    const mark = this.#markOf(series)
    const turn = this.#turn
    return {
      values: series.values,
      isFirst: mark.turn === 0,
      sum: totals.sum - mark.totals.sum,
      counts: Float64Array.from(totals.counts, (count, index) => count - (mark.totals.counts[index] ?? 0)),
      confirm: () => {
        if (mark.turn >= turn) return
        mark.totals = totals
        mark.turn = turn
      },
    }
  }

  #markOf(series: object): Mark {
    let mark = this.#marks.get(series)
    if (mark === undefined) {
      mark = { totals: nothing, turn: 0 }
      this.#marks.set(series, mark)
    }
    return mark
  }
}

type SeriesOf<Kind extends MetricFamily['kind']> = Extract<MetricFamily, { readonly kind: Kind }>['series'][number]
