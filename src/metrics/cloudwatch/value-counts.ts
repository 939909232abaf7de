// One series of a histogram or summary for CloudWatch: which values there were in each interval, and how often.
import type { MetricDatum } from '@aws-sdk/client-cloudwatch'
import { RelativeBuckets } from '../../primitives/relative-buckets.ts'
import type { Histogram } from '../histogram.ts'
import { type DatumBase, type DatumSeries, largest } from './datum-series.ts'

/** How many different values a datum has at most (PutMetricData of CloudWatch's API reference). */
const valuesPerDatum = 150
const relativeErrorRatio = 0.01
/** What strangers make of the values must not take memory without end: beyond it one bin has all the others. */
const mostBins = 2_100
const others = Number.NaN

interface Bin {
  count: number
  sum: number
}

/**
 * Counts values in bins of 1 % to either side, as the buckets of a DDSketch, and says of each bin its mean: so sums and counts are exact, and percentiles,
 * which CloudWatch computes of `Values` and `Counts` and not of statistic sets, are within 1 %.
 */
export class ValueCounts implements Histogram, DatumSeries {
  readonly #base: DatumBase
  readonly #buckets = RelativeBuckets.of(relativeErrorRatio)
  readonly #bins = new Map<number, Bin>()

  constructor(base: DatumBase) {
    this.#base = base
  }

  observe(value: number): void {
    // Of a text or a bigint, which programs without types may give.
    const counted = Number(value)
    if (!(Math.abs(counted) <= largest)) return
    const index = this.#buckets.indexOf(counted)
    const key = counted < 0 ? -index : index
    const bin = this.#bins.get(key) ?? this.#newBin(key)
    bin.count++
    bin.sum += counted
  }

  take(Timestamp: Date): readonly MetricDatum[] {
    const bins = [...this.#bins.values()]
    this.#bins.clear()
    const data: MetricDatum[] = []
    for (let from = 0; from < bins.length; from += valuesPerDatum) {
      const some = bins.slice(from, from + valuesPerDatum)
      const Values = some.map(({ sum, count }) => Math.min(Math.max(sum / count, -largest), largest))
      data.push({ ...this.#base, Timestamp, Values, Counts: some.map(({ count }) => count) })
    }
    return data
  }

  #newBin(key: number): Bin {
    const isFull = this.#bins.size >= mostBins
    const known = isFull ? this.#bins.get(others) : undefined
    if (known !== undefined) return known
    const bin = { count: 0, sum: 0 }
    this.#bins.set(isFull ? others : key, bin)
    return bin
  }
}
