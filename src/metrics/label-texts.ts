// Series that a wire writes alike: where it cannot carry a value of a label as it is, two of ours may become one, and their numbers one number.
import type { CheckedSpec } from './metric-spec.ts'
import type { MetricFamily } from './registry.ts'
import type { SummaryShape } from './summary.ts'

/** What a counter comes to, in all or since it was sent; and what a gauge is. */
export interface CounterNumbers {
  readonly value: number
  /** As in `Increase`. */
  readonly isFirst?: boolean | undefined
}

/** What a histogram comes to. */
export interface HistogramNumbers {
  readonly bounds: Float64Array
  readonly counts: Float64Array
  readonly sum: number
  readonly count: number
  /** As in `Increase`. */
  readonly isFirst?: boolean | undefined
}

/** What a summary comes to. */
export interface SummaryNumbers {
  readonly shape: SummaryShape
  readonly sum: number
  readonly count: number
  /** As in `Increase`. */
  readonly isFirst?: boolean | undefined
  quantiles(): readonly number[]
}

/** What a wire writes of the labels of all series of one metric, in their order. */
export interface Texts {
  readonly all: readonly string[]
  /** Some of them are the same. */
  readonly areAlike: boolean
}

/** Writes labels once for each series, however often it is sent. */
export class LabelTexts {
  readonly #write: (spec: CheckedSpec, values: readonly string[]) => string
  /** By the list of the series, which is the same until one comes or goes. */
  readonly #ofLists = new WeakMap<readonly object[], Texts>()
  /** By the list of the values, of which each series has its own. */
  readonly #texts = new WeakMap<readonly string[], string>()

  constructor(write: (spec: CheckedSpec, values: readonly string[]) => string) {
    this.#write = write
  }

  of({ spec, series }: MetricFamily): Texts {
    let texts = this.#ofLists.get(series)
    if (texts === undefined) {
      const all = (series as readonly { readonly values: readonly string[] }[]).map(({ values }) =>
        this.#of(spec, values),
      )
      texts = { all, areAlike: new Set(all).size < all.length }
      this.#ofLists.set(series, texts)
    }
    return texts
  }

  #of(spec: CheckedSpec, values: readonly string[]): string {
    let text = this.#texts.get(values)
    if (text === undefined) {
      text = this.#write(spec, values)
      this.#texts.set(values, text)
    }
    return text
  }
}

/** Gives the series with their texts; those of one text are put together. In the order in which the first of each comes. */
export function eachAlike<Series extends Numbers, Numbers>(
  series: readonly Series[],
  { all, areAlike }: Texts,
  together: (one: Numbers, other: Numbers) => Numbers,
  use: (text: string, numbers: Numbers) => void,
): void {
  if (!areAlike) {
    for (let at = 0; at < series.length; at++) use(all[at] as string, series[at] as Series)
    return
  }
  const byText = new Map<string, Numbers>()
  for (const [at, one] of series.entries()) {
    const text = all[at] as string
    const other = byText.get(text)
    byText.set(text, other === undefined ? one : together(other, one))
  }
  for (const [text, numbers] of byText) use(text, numbers)
}

/** Of two gauges the later one: what they are together, nobody knows. */
export function lastOf(_: CounterNumbers, other: CounterNumbers): CounterNumbers {
  return other
}

/** The sum of two counters. */
export function sumOfCounters(one: CounterNumbers, other: CounterNumbers): CounterNumbers {
  return { value: one.value + other.value, isFirst: one.isFirst || other.isFirst }
}

/** All that two histograms of one metric were shown. */
export function sumOfHistograms(one: HistogramNumbers, other: HistogramNumbers): HistogramNumbers {
  return {
    bounds: one.bounds,
    counts: one.counts.map((count, bucket) => count + (other.counts[bucket] ?? 0)),
    sum: one.sum + other.sum,
    count: one.count + other.count,
    isFirst: one.isFirst || other.isFirst,
  }
}

/** All that two summaries of one metric were shown, with the quantiles of the one that was shown more: they cannot be added up. */
export function sumOfSummaries(one: SummaryNumbers, other: SummaryNumbers): SummaryNumbers {
  const larger = one.count >= other.count ? one : other
  return {
    shape: one.shape,
    sum: one.sum + other.sum,
    count: one.count + other.count,
    isFirst: one.isFirst || other.isFirst,
    quantiles: () => larger.quantiles(),
  }
}
