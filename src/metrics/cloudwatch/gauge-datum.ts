// One series of a gauge for CloudWatch: the value that it has at the end of each interval.
import type { MetricDatum } from '@aws-sdk/client-cloudwatch'
import type { Gauge } from '../gauge.ts'
import { type DatumBase, type DatumSeries, largest } from './datum-series.ts'

/** A datum each interval once it was set, so that a graph has no holes. What CloudWatch refuses is left out. */
export class GaugeDatum implements Gauge, DatumSeries {
  readonly #base: DatumBase
  #value = 0
  #isKnown = false

  constructor(base: DatumBase) {
    this.#base = base
  }

  set(value: number): void {
    // Of a text or a bigint, which programs without types may give.
    this.#value = Number(value)
    this.#isKnown = true
  }

  add(amount: number): void {
    if (!Number.isFinite(amount)) return
    this.#value += amount
    this.#isKnown = true
  }

  take(Timestamp: Date): readonly MetricDatum[] {
    const Value = this.#value
    // Also false for NaN.
    const isTaken = Math.abs(Value) <= largest
    return this.#isKnown && isTaken ? [{ ...this.#base, Timestamp, Value }] : []
  }
}
