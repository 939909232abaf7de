// The registry: metrics in memory, for backends that are asked for them, like Prometheus and expvar.
import { type Clock, systemClock } from '../core/clock.ts'
import { tell } from '../core/tell.ts'
import { checkBuckets, latencyBuckets } from './buckets.ts'
import { type Counter, CounterSeries } from './counter.ts'
import { type Gauge, GaugeSeries } from './gauge.ts'
import { type Histogram, HistogramSeries, type HistogramSpec } from './histogram.ts'
import { Family, type Measured } from './labelled.ts'
import { type CheckedSpec, checkSpec, type MetricSpec } from './metric-spec.ts'
import type { Metrics } from './metrics.ts'
import { checkSummary, type Summary, SummarySeries, type SummarySpec } from './summary.ts'

/** A metric had more series than its `maxSeries`. */
export interface CardinalityExceeded {
  readonly metric: string
  readonly maxSeries: number
}

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

/** A metric that is about to be made. */
export type MetricOutline = Pick<MetricFamily, 'kind' | 'spec'>

/** A metric that is there: what was asked for, to compare with what is asked for again. */
interface Registered {
  readonly kind: MetricFamily['kind']
  /** All that must be the same when a metric is asked for again. */
  readonly shape: string
  readonly family: Pick<Family<unknown>, 'spec' | 'all'>
  readonly measured: unknown
}

/** Keeps metrics in memory. */
export class Registry implements Metrics {
  readonly #clock: Clock
  readonly #onCardinalityExceeded: (event: CardinalityExceeded) => void
  readonly #registered = new Map<string, Registered>()
  readonly #readers = new Set<() => void>()
  readonly #onRegister = new Set<(metric: MetricOutline) => void>()
  readonly #turn = { count: 0 }

  constructor(options?: RegistryOptions) {
    this.#clock = options?.clock ?? systemClock
    this.#onCardinalityExceeded = options?.onCardinalityExceeded ?? warnOfCardinality
  }

  counter<const L extends string = never>(spec: MetricSpec<L>): Measured<Counter, L> {
    return this.#family('counter', spec, '', (values) => new CounterSeries(values, this.#turn)) as never
  }

  gauge<const L extends string = never>(spec: MetricSpec<L>): Measured<Gauge, L> {
    return this.#family('gauge', spec, '', (values) => new GaugeSeries(values)) as never
  }

  histogram<const L extends string = never>(spec: HistogramSpec<L>): Measured<Histogram, L> {
    const bounds = checkBuckets(spec.name, spec.buckets ?? latencyBuckets)
    const make = (values: readonly string[]) => new HistogramSeries(values, bounds, this.#turn)
    return this.#family('histogram', spec, `buckets ${bounds.join(' ')}`, make) as never
  }

  summary<const L extends string = never>(spec: SummarySpec<L>): Measured<Summary, L> {
    const shape = checkSummary(spec)
    const make = (values: readonly string[]) => new SummarySeries(values, shape, this.#clock)
    return this.#family('summary', spec, `${JSON.stringify(shape)}`, make) as never
  }

  onCollect(read: () => void): Disposable {
    // Each has an entry of its own, even where two are the same function.
    const reader = () => read()
    this.#readers.add(reader)
    return { [Symbol.dispose]: () => void this.#readers.delete(reader) }
  }

  /**
   * Calls `look` with each metric that there is, and with each new one before it is made: for backends with rules of their own about
   * names. What it throws goes to whoever asks for the metric, which is then not made.
   */
  onRegister(look: (metric: MetricOutline) => void): Disposable {
    for (const { kind, family } of this.#registered.values()) look({ kind, spec: family.spec })
    const listener = (metric: MetricOutline) => look(metric)
    this.#onRegister.add(listener)
    return { [Symbol.dispose]: () => void this.#onRegister.delete(listener) }
  }

  /** What there is, in the order in which it was made, once all that `onCollect` was given has been called. */
  collect(): readonly MetricFamily[] {
    for (const read of this.#readers) tell(read, undefined)
    this.#turn.count++
    return Array.from(
      this.#registered.values(),
      ({ kind, family }) => ({ kind, spec: family.spec, series: family.all }) as MetricFamily,
    )
  }

  #family<I>(
    kind: MetricFamily['kind'],
    spec: MetricSpec<string>,
    shape: string,
    make: (values: readonly string[]) => I,
  ): unknown {
    const checked = checkSpec(spec)
    const unit = checked.unit && ` in ${checked.unit}`
    const whole = `${kind}${unit} with labels [${checked.labels.join(', ')}]${shape && ` and ${shape}`}`
    const known = this.#registered.get(checked.name)
    if (known !== undefined) {
      if (known.shape === whole) return known.measured
      throw new TypeError(`metric ${checked.name} is there already as a ${known.shape}: it cannot be a ${whole} too`)
    }
    for (const look of this.#onRegister) look({ kind, spec: checked })
    const family = new Family(checked, make, (metric) =>
      tell(this.#onCardinalityExceeded, { metric, maxSeries: checked.maxSeries }),
    )
    const measured = checked.labels.length === 0 ? family.with({}) : family
    this.#registered.set(checked.name, { kind, shape: whole, family, measured })
    return measured
  }
}

/** Metrics in memory. Throws nothing by itself; specs are looked at when an instrument is made. */
export function registry(options?: RegistryOptions): Registry {
  return new Registry(options)
}

/** Prints that a metric has too many series. */
export function warnOfCardinality({ metric, maxSeries }: CardinalityExceeded): void {
  console.warn(
    `servicekit: metric ${metric} has more than ${maxSeries} series; the rest is counted in series whose labels are __overflow__`,
  )
}
