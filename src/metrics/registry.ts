// The registry: metrics in memory, for backends that are asked for them, like Prometheus and expvar.
import { type Clock, systemClock } from '../core/clock.ts'
import { type CardinalityExceeded, Catalog, type MetricOutline } from './catalog.ts'
import { type Counter, CounterSeries } from './counter.ts'
import { type Gauge, GaugeSeries } from './gauge.ts'
import { type Histogram, HistogramSeries, type HistogramSpec } from './histogram.ts'
import type { Measured } from './labelled.ts'
import type { CheckedSpec, MetricSpec } from './metric-spec.ts'
import type { Metrics } from './metrics.ts'
import { type Summary, SummarySeries, type SummarySpec } from './summary.ts'

export { type CardinalityExceeded, type MetricOutline, warnOfCardinality } from './catalog.ts'

/** How a registry keeps metrics. */
export interface RegistryOptions {
  /** Told once a metric. @default prints it with `console.warn` */
  readonly onCardinalityExceeded?: ((event: CardinalityExceeded) => void) | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}

/** All series of one metric, as a backend reads them. */
export type MetricFamily =
  | { readonly kind: 'counter'; readonly spec: CheckedSpec; readonly series: readonly CounterSeries[] }
  | { readonly kind: 'gauge'; readonly spec: CheckedSpec; readonly series: readonly GaugeSeries[] }
  | { readonly kind: 'histogram'; readonly spec: CheckedSpec; readonly series: readonly HistogramSeries[] }
  | { readonly kind: 'summary'; readonly spec: CheckedSpec; readonly series: readonly SummarySeries[] }

type Series = MetricFamily['series'][number]

/** Keeps metrics in memory. */
export class Registry implements Metrics {
  readonly #turn = { count: 0 }
  readonly #catalog: Catalog<Series>

  constructor(options?: RegistryOptions) {
    const clock = options?.clock ?? systemClock
    this.#catalog = new Catalog<Series>(
      {
        counter: (values) => new CounterSeries(values, this.#turn),
        gauge: (values) => new GaugeSeries(values),
        histogram: (values, _spec, bounds) => new HistogramSeries(values, bounds, this.#turn),
        summary: (values, _spec, shape) => new SummarySeries(values, shape, clock),
      },
      { onCardinalityExceeded: options?.onCardinalityExceeded },
    )
  }

  counter<const L extends string = never>(spec: MetricSpec<L>): Measured<Counter, L> {
    return this.#catalog.counter(spec)
  }

  gauge<const L extends string = never>(spec: MetricSpec<L>): Measured<Gauge, L> {
    return this.#catalog.gauge(spec)
  }

  histogram<const L extends string = never>(spec: HistogramSpec<L>): Measured<Histogram, L> {
    return this.#catalog.histogram(spec)
  }

  summary<const L extends string = never>(spec: SummarySpec<L>): Measured<Summary, L> {
    return this.#catalog.summary(spec)
  }

  onCollect(read: () => void): Disposable {
    return this.#catalog.onCollect(read)
  }

  /**
   * Calls `look` with each metric that there is, and with each new one before it is made: for backends with rules of their own about
   * names. What it throws goes to whoever asks for the metric, which is then not made.
   */
  onRegister(look: (metric: MetricOutline) => void): Disposable {
    return this.#catalog.onRegister(look)
  }

  /** What there is, in the order in which it was made, once all that `onCollect` was given has been called. */
  collect(): readonly MetricFamily[] {
    const families = this.#catalog.collect()
    this.#turn.count++
    return families as MetricFamily[]
  }
}

/** Metrics in memory. Throws nothing by itself; specs are looked at when an instrument is made. */
export function registry(options?: RegistryOptions): Registry {
  return new Registry(options)
}
