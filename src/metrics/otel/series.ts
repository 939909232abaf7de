// Our instruments over those of OpenTelemetry, each with the attributes of one series, which are made once.
import type {
  Attributes,
  Counter as OtelCounterInstrument,
  Histogram as OtelHistogramInstrument,
} from '@opentelemetry/api'
import type { Counter } from '../counter.ts'
import type { Gauge } from '../gauge.ts'
import type { Histogram } from '../histogram.ts'
import type { Failures } from './failures.ts'

/** One series, until it is forgotten: then what is measured with it goes nowhere. */
export interface OtelSeries {
  forget(): void
}

/** Counts what only goes up. */
export class OtelCounter implements OtelSeries, Counter {
  #counter: OtelCounterInstrument | undefined
  readonly #attributes: Attributes
  readonly #failures: Failures

  constructor(counter: OtelCounterInstrument | undefined, attributes: Attributes, failures: Failures) {
    this.#counter = counter
    this.#attributes = attributes
    this.#failures = failures
  }

  add(amount = 1): void {
    if (!(amount >= 0 && amount < Infinity)) return
    try {
      this.#counter?.add(Number(amount), this.#attributes)
    } catch (thrown) {
      this.#failures.add(thrown)
    }
  }

  forget(): void {
    this.#counter = undefined
  }
}

/** Takes values, as a histogram or as a summary. */
export class OtelObserver implements OtelSeries, Histogram {
  #histogram: OtelHistogramInstrument | undefined
  readonly #attributes: Attributes
  readonly #failures: Failures

  constructor(histogram: OtelHistogramInstrument | undefined, attributes: Attributes, failures: Failures) {
    this.#histogram = histogram
    this.#attributes = attributes
    this.#failures = failures
  }

  observe(value: number): void {
    // The API: a measurement of a histogram must not be negative. The SDK would warn of each.
    if (!(value >= 0 && value < Infinity)) return
    try {
      this.#histogram?.record(Number(value), this.#attributes)
    } catch (thrown) {
      this.#failures.add(thrown)
    }
  }

  forget(): void {
    this.#histogram = undefined
  }
}

/** Holds a value that is asked for: what is added to it must be known here, and one that nobody sets for long is still there. */
export class OtelGauge implements OtelSeries, Gauge {
  readonly attributes: Attributes
  readonly #all: Set<OtelGauge>
  #value = 0
  #isSet = false

  /** Puts itself among all series of its metric. */
  constructor(all: Set<OtelGauge>, attributes: Attributes) {
    this.attributes = attributes
    this.#all = all
    all.add(this)
  }

  /** Undefined until it is set or added to. */
  get value(): number | undefined {
    return this.#isSet ? this.#value : undefined
  }

  set(value: number): void {
    this.#value = Number(value)
    this.#isSet = true
  }

  add(amount: number): void {
    if (Number.isFinite(amount)) this.set(this.#value + amount)
  }

  forget(): void {
    this.#all.delete(this)
  }
}
