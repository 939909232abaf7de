// Metrics recorded with a meter of OpenTelemetry, for programs whose views, readers and exporters are those of its SDK.
import type { Attributes, Meter, MetricOptions, ObservableResult } from '@opentelemetry/api'
import { type Clock, systemClock } from '../../core/clock.ts'
import { flushWithin } from '../../platform/flush-within.ts'
import { checkNumber } from '../../primitives/check.ts'
import { latencyBuckets, sizeBuckets } from '../buckets.ts'
import { type CardinalityExceeded, Catalog } from '../catalog.ts'
import type { CheckedSpec } from '../metric-spec.ts'
import type { Metrics } from '../metrics.ts'
import { Readers } from '../readers.ts'
import { Failures } from './failures.ts'
import { InstrumentNames } from './instrument-names.ts'
import { OtelCounter, OtelGauge, OtelObserver, type OtelSeries } from './series.ts'
import { ucumUnit } from './ucum-unit.ts'

/** Where what is measured goes on to. */
export interface OtelMetricsOptions {
  /** Sends what is there: `() => provider.forceFlush()`. @default nothing: its API has no flush */
  readonly flush?: (() => unknown) | undefined
  /** How long `flush` waits, in milliseconds. @default 5_000 */
  readonly flushTimeoutMs?: number | undefined
  /** Told once a metric. @default prints it with `console.warn` */
  readonly onCardinalityExceeded?: ((event: CardinalityExceeded) => void) | undefined
  /** For the limit of `flush`. @default systemClock */
  readonly clock?: Clock | undefined
}

/** Metrics that OpenTelemetry keeps and exports. */
export interface OtelMetrics extends Metrics {
  readonly stats: {
    /** How many measurements and instruments were lost because the meter threw. It is exported as `servicekit.otel.failures` once there are any. */
    readonly failures: number
    /** What it threw last; undefined while it never did. */
    readonly lastError: unknown
  }
  /** Never rejects. */
  flush(): Promise<void>
}

/**
 * Metrics of a meter: `otelMetrics(provider.getMeter('orders'))`. A counter is a Counter, a gauge an ObservableGauge, a histogram a Histogram with its buckets as advice;
 * a summary is a Histogram too, with buckets for what takes time or space, for OpenTelemetry has no quantiles: a view can make it an exponential histogram. Histograms leave out
 * values below zero. Units become those of UCUM, labels attributes. Who reads on collection is called when a reader collects; a gauge that is made then is in the next
 * collection. What is deleted is measured no more, but an SDK may go on to show it. Throws a TypeError for what is no meter, and a metric is refused whose name OpenTelemetry would
 * take for that of another.
 */
export function otelMetrics(meter: Meter, options?: OtelMetricsOptions): OtelMetrics {
  return new MeterMetrics(meter, options)
}

class MeterMetrics extends Catalog<OtelSeries> implements OtelMetrics {
  readonly #names = new InstrumentNames()
  readonly #failures = new Failures()
  readonly #readers: Readers
  readonly #flush: (() => unknown) | undefined
  readonly #flushTimeoutMs: number
  readonly #clock: Clock
  #hasRead = false

  constructor(meter: Meter, options: OtelMetricsOptions = {}) {
    const { flush, flushTimeoutMs = 5_000, onCardinalityExceeded, clock = systemClock } = options
    if (typeof meter?.createCounter !== 'function' || typeof meter.createObservableGauge !== 'function')
      throw new TypeError('meter must be what getMeter(name) of a MeterProvider gives')
    if (flush !== undefined && typeof flush !== 'function') throw new TypeError('flush must be a function')
    const readers = new Readers()
    const observer = (spec: CheckedSpec, bounds: readonly number[] | undefined) => {
      const advice = bounds && { advice: { explicitBucketBoundaries: [...bounds] } }
      const [name, own] = this.#outline(spec)
      const histogram = this.#failures.made(() => meter.createHistogram(name, { ...own, ...advice }))
      return (values: readonly string[]) => new OtelObserver(histogram, attributesOf(spec, values), this.#failures)
    }
    super(
      {
        counter: (spec) => {
          const [name, own] = this.#outline(spec)
          const counter = this.#failures.made(() => meter.createCounter(name, own))
          return (values) => new OtelCounter(counter, attributesOf(spec, values), this.#failures)
        },
        gauge: (spec) => {
          const [name, own] = this.#outline(spec)
          const all = new Set<OtelGauge>()
          const observe = (result: ObservableResult) => this.#observe(result, all)
          this.#failures.made(() => meter.createObservableGauge(name, own).addCallback(observe))
          return (values) => new OtelGauge(all, attributesOf(spec, values))
        },
        histogram: (spec, bounds) => observer(spec, [...bounds]),
        summary: (spec) => observer(spec, usualBuckets(ucumUnit(spec.unit))),
      },
      { onCardinalityExceeded, onDelete: (series) => series.forget(), readers },
    )
    this.#readers = readers
    this.#flush = flush
    this.#flushTimeoutMs = checkNumber('flushTimeoutMs', flushTimeoutMs, { min: 0 })
    this.#clock = clock
    this.#countFailures(meter)
  }

  get stats(): OtelMetrics['stats'] {
    return { failures: this.#failures.count, lastError: this.#failures.last }
  }

  async flush(): Promise<void> {
    if (this.#flush !== undefined) await flushWithin(this.#flushTimeoutMs, this.#clock, this.#flush)
  }

  #outline({ name, help, unit }: CheckedSpec): [name: string, options: MetricOptions] {
    return [this.#names.claim(name), { description: help, unit: ucumUnit(unit) }]
  }

  /** There must be one instrument that is asked, or nobody would be called to read. */
  #countFailures(meter: Meter): void {
    const name = this.#names.claim('servicekit.otel.failures')
    const own = {
      description: 'Measurements and instruments that were lost because the meter threw.',
      unit: '{failures}',
    }
    const observe = (result: ObservableResult) => {
      this.#read()
      if (this.#failures.count > 0) result.observe(this.#failures.count)
    }
    this.#failures.made(() => meter.createObservableCounter(name, own).addCallback(observe))
  }

  #observe(result: ObservableResult, all: ReadonlySet<OtelGauge>): void {
    this.#read()
    for (const { value, attributes } of all) if (value !== undefined) result.observe(value, attributes)
  }

  /** Before the first of what is asked, and once: a collection asks all in one go. */
  #read(): void {
    if (this.#hasRead) return
    this.#hasRead = true
    queueMicrotask(() => {
      this.#hasRead = false
    })
    this.#readers.call()
  }
}

function attributesOf({ labels }: CheckedSpec, values: readonly string[]): Attributes {
  return Object.freeze(Object.fromEntries(labels.map((label, index) => [label, values[index] ?? ''])))
}

const perSecond: Readonly<Record<string, number>> = { ns: 1e9, us: 1e6, ms: 1_000, s: 1 }

/** Buckets for what takes time or space; undefined leaves them to the SDK. */
function usualBuckets(unit: string): readonly number[] | undefined {
  if (unit === 'By') return sizeBuckets
  const factor = perSecond[unit]
  return factor === undefined ? undefined : latencyBuckets.map((seconds) => seconds * factor)
}
