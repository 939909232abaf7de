// The registry: metrics in memory, for backends that are asked for them, like Prometheus and expvar.
import { type Clock, systemClock } from '../core/clock.ts'
import { type CardinalityExceeded, Catalog } from './catalog.ts'
import { CounterSeries } from './counter.ts'
import { GaugeSeries } from './gauge.ts'
import { HistogramSeries } from './histogram.ts'
import type { CheckedSpec } from './metric-spec.ts'
import { SummarySeries } from './summary.ts'

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
export class Registry extends Catalog<Series> {
  readonly #turn: { count: number }

  constructor(options?: RegistryOptions) {
    const clock = options?.clock ?? systemClock
    const turn = { count: 0 }
    super(
      {
        counter: () => (values) => new CounterSeries(values, turn),
        gauge: () => (values) => new GaugeSeries(values),
        histogram: (_spec, bounds) => (values) => new HistogramSeries(values, bounds, turn),
        summary: (_spec, shape) => (values) => new SummarySeries(values, shape, clock),
      },
      { onCardinalityExceeded: options?.onCardinalityExceeded },
    )
    this.#turn = turn
  }

  override collect(): readonly MetricFamily[] {
    const families = super.collect()
    this.#turn.count++
    return families as readonly MetricFamily[]
  }
}

/** Metrics in memory. Throws nothing by itself; specs are looked at when an instrument is made. */
export function registry(options?: RegistryOptions): Registry {
  return new Registry(options)
}
