// One series of a counter for CloudWatch: what was added in each interval.
import type { MetricDatum } from '@aws-sdk/client-cloudwatch'
import type { Counter } from '../counter.ts'
import { type DatumBase, type DatumSeries, largest } from './datum-series.ts'

/** A datum for each interval in which it was counted: CloudWatch's `Sum` over a period is what was added in it. */
export class CounterDatum implements Counter, DatumSeries {
  readonly #base: DatumBase
  #sum = 0

  constructor(base: DatumBase) {
    this.#base = base
  }

  add(amount = 1): void {
    // Written so that NaN, for which every comparison is false, is left out; a bigint or a text is made a number.
    if (amount >= 0 && amount < Infinity) this.#sum += Number(amount)
  }

  take(Timestamp: Date): readonly MetricDatum[] {
    if (this.#sum === 0) return []
    const Value = Math.min(this.#sum, largest)
    this.#sum = 0
    return [{ ...this.#base, Timestamp, Value }]
  }
}
