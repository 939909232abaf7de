// One series of a histogram or summary for CloudWatch as a statistic set: smaller, and without percentiles.
import type { MetricDatum } from '@aws-sdk/client-cloudwatch'
import type { Histogram } from '../histogram.ts'
import { type DatumBase, type DatumSeries, largest } from './datum-series.ts'

/** A datum for each interval in which there were values: their count, sum, least and greatest. */
export class Statistics implements Histogram, DatumSeries {
  readonly #base: DatumBase
  #count = 0
  #sum = 0
  #least = Infinity
  #greatest = -Infinity

  constructor(base: DatumBase) {
    this.#base = base
  }

  observe(value: number): void {
    // Of a text or a bigint, which programs without types may give.
    const counted = Number(value)
    if (!(Math.abs(counted) <= largest)) return
    this.#count++
    this.#sum += counted
    this.#least = Math.min(this.#least, counted)
    this.#greatest = Math.max(this.#greatest, counted)
  }

  take(Timestamp: Date): readonly MetricDatum[] {
    if (this.#count === 0) return []
    const Sum = Math.min(Math.max(this.#sum, -largest), largest)
    const StatisticValues = { SampleCount: this.#count, Sum, Minimum: this.#least, Maximum: this.#greatest }
    this.#count = 0
    this.#sum = 0
    this.#least = Infinity
    this.#greatest = -Infinity
    return [{ ...this.#base, Timestamp, StatisticValues }]
  }
}
