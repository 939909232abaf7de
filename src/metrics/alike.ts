// Series that a wire writes alike: where it cannot carry a value of a label as it is, two of ours may become one, and their numbers one number.
import type { SummaryShape } from './summary.ts'

/** What a counter comes to, in all or since it was sent; and what a gauge is. */
export interface CounterNumbers {
  readonly value: number
}

/** What a histogram comes to. */
export interface HistogramNumbers {
  readonly bounds: Float64Array
  readonly counts: Float64Array
  readonly sum: number
  readonly count: number
}

/** What a summary comes to. */
export interface SummaryNumbers {
  readonly shape: SummaryShape
  readonly sum: number
  readonly count: number
  quantiles(): readonly number[]
}

/** Series by what a wire writes of their labels; those of one text are put together. In the order in which the first of each comes. */
export function alike<Series extends Numbers, Numbers>(
  series: readonly Series[],
  textOf: (one: Series) => string,
  together: (one: Numbers, other: Numbers) => Numbers,
): ReadonlyMap<string, Numbers> {
  const byText = new Map<string, Numbers>()
  for (const one of series) {
    const text = textOf(one)
    const other = byText.get(text)
    byText.set(text, other === undefined ? one : together(other, one))
  }
  return byText
}

/** Of two gauges the later one: what they are together, nobody knows. */
export function lastOf(_: CounterNumbers, other: CounterNumbers): CounterNumbers {
  return other
}

/** The sum of two counters. */
export function sumOfCounters(one: CounterNumbers, other: CounterNumbers): CounterNumbers {
  return { value: one.value + other.value }
}

/** All that two histograms of one metric were shown. */
export function sumOfHistograms(one: HistogramNumbers, other: HistogramNumbers): HistogramNumbers {
  return {
    bounds: one.bounds,
    counts: one.counts.map((count, bucket) => count + (other.counts[bucket] ?? 0)),
    sum: one.sum + other.sum,
    count: one.count + other.count,
  }
}

/** All that two summaries of one metric were shown, with the quantiles of the one that was shown more: they cannot be added up. */
export function sumOfSummaries(one: SummaryNumbers, other: SummaryNumbers): SummaryNumbers {
  const larger = one.count >= other.count ? one : other
  return {
    shape: one.shape,
    sum: one.sum + other.sum,
    count: one.count + other.count,
    quantiles: () => larger.quantiles(),
  }
}
