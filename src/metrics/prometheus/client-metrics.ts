// Metrics recorded by a client's own classes, for programs whose registry, page and defaults are those of prom-client or @prometheus-io/client.
import { tell } from '../../core/tell.ts'
import { checkBuckets, latencyBuckets } from '../buckets.ts'
import type { Counter } from '../counter.ts'
import type { Gauge } from '../gauge.ts'
import type { Histogram, HistogramSpec } from '../histogram.ts'
import { Family, type Measured } from '../labelled.ts'
import { checkSpec, type MetricSpec } from '../metric-spec.ts'
import type { Metrics } from '../metrics.ts'
import { type CardinalityExceeded, type MetricOutline, warnOfCardinality } from '../registry.ts'
import { checkSummary, type Summary, type SummarySpec } from '../summary.ts'
import type { ClientConfiguration, ClientMetric, ClientModule, ClientRegister } from './client-register.ts'
import { ClientCounter, ClientGauge, ClientObserver, type ClientSeries } from './client-series.ts'
import { NameClaims } from './name-claims.ts'

/** Where a client keeps what is measured. */
export interface ClientMetricsOptions {
  /** @default the global registry of the client */
  readonly register?: ClientRegister | undefined
  /** Told once a metric. @default prints it with `console.warn` */
  readonly onCardinalityExceeded?: ((event: CardinalityExceeded) => void) | undefined
}

/**
 * Metrics that a client keeps and shows: `clientMetrics(client)` with what `import * as client from 'prom-client'` gives. Names
 * are translated as `prometheus()` does. A metric that is registered there already is used, with the buckets and quantiles that
 * it has. Who reads on collection is called when the client asks the first metric: not before there is one, and a metric that is made then is on
 * the next page. No exemplars are recorded. Throws a TypeError for what is no client.
 */
export function clientMetrics(client: ClientModule, options?: ClientMetricsOptions): Metrics {
  return new ClientMetrics(client, options)
}

/** A metric that is there: what was asked for, to compare with what is asked for again. */
interface Registered {
  readonly shape: string
  readonly measured: unknown
}

/** What the clients' own types do not say of a metric. */
interface Registrable {
  readonly type?: unknown
  readonly labelNames?: readonly string[]
  collect?: (() => unknown) | undefined
}

/** What a kind of metric has beside what all have. */
type OwnConfiguration = Pick<ClientConfiguration, 'buckets' | 'percentiles' | 'maxAgeSeconds' | 'ageBuckets'>

class ClientMetrics implements Metrics {
  readonly #client: ClientModule
  readonly #register: ClientRegister
  readonly #onCardinalityExceeded: (event: CardinalityExceeded) => void
  readonly #claims = new NameClaims()
  readonly #registered = new Map<string, Registered>()
  readonly #readers = new Set<() => void>()
  #hasCollected = false

  constructor(client: ClientModule, options?: ClientMetricsOptions) {
    if (typeof client?.Counter !== 'function' || typeof client.Summary !== 'function')
      throw new TypeError('client must be what an import of prom-client or @prometheus-io/client gives')
    this.#client = client
    this.#register = options?.register ?? client.register
    this.#onCardinalityExceeded = options?.onCardinalityExceeded ?? warnOfCardinality
  }

  counter<const L extends string = never>(spec: MetricSpec<L>): Measured<Counter, L> {
    const { Counter } = this.#client
    return this.#family('counter', spec, {}, Counter, (child, labels) => new ClientCounter(child, labels)) as never
  }

  gauge<const L extends string = never>(spec: MetricSpec<L>): Measured<Gauge, L> {
    const { Gauge } = this.#client
    return this.#family('gauge', spec, {}, Gauge, (child, labels) => new ClientGauge(child, labels)) as never
  }

  histogram<const L extends string = never>(spec: HistogramSpec<L>): Measured<Histogram, L> {
    const { Histogram } = this.#client
    const own = { buckets: [...checkBuckets(spec.name, spec.buckets ?? latencyBuckets)] }
    return this.#family(
      'histogram',
      spec,
      own,
      Histogram,
      (child, labels) => new ClientObserver(child, labels),
    ) as never
  }

  summary<const L extends string = never>(spec: SummarySpec<L>): Measured<Summary, L> {
    const { Summary } = this.#client
    const { quantiles, maxAgeMs } = checkSummary(spec)
    const own = { percentiles: [...quantiles], maxAgeSeconds: maxAgeMs / 1_000, ageBuckets: 5 }
    return this.#family('summary', spec, own, Summary, (child, labels) => new ClientObserver(child, labels)) as never
  }

  onCollect(read: () => void): Disposable {
    // Each has an entry of its own, even where two are the same function.
    const reader = () => read()
    this.#readers.add(reader)
    return { [Symbol.dispose]: () => void this.#readers.delete(reader) }
  }

  #family<Child, Series extends ClientSeries<Child>>(
    kind: MetricOutline['kind'],
    spec: MetricSpec<string>,
    own: OwnConfiguration,
    Metric: new (configuration: ClientConfiguration) => ClientMetric<Child>,
    make: (child: Child, labels: Record<string, string>) => Series,
  ): unknown {
    const checked = checkSpec(spec)
    const shape = `${kind} with ${JSON.stringify({ labels: checked.labels, unit: checked.unit, ...own })}`
    const known = this.#registered.get(checked.name)
    if (known !== undefined) {
      if (known.shape === shape) return known.measured
      throw new TypeError(`metric ${checked.name} is there already as a ${known.shape}: it cannot be a ${shape} too`)
    }
    const { text: name, labels } = this.#claims.claim({ kind, spec: checked })
    const metric =
      this.#reused<Child>(kind, name, labels) ??
      new Metric({
        name,
        help: checked.help || checked.name,
        labelNames: [...labels],
        registers: [this.#register as never],
        collect: () => this.#collect(),
        ...own,
      })
    const family = new Family<Series>(
      checked,
      (values) => {
        const series = Object.fromEntries(labels.map((label, index) => [label, values[index] ?? '']))
        return make(metric.labels(series), series)
      },
      () => tell(this.#onCardinalityExceeded, { metric: checked.name, maxSeries: checked.maxSeries }),
      (series) => metric.remove(series.forget()),
    )
    const measured = labels.length === 0 ? family.with({}) : family
    this.#registered.set(checked.name, { shape, measured })
    return measured
  }

  /** A metric that somebody has registered; undefined where there is none. Throws when it is another kind of metric. */
  #reused<Child>(
    kind: MetricOutline['kind'],
    name: string,
    labels: readonly string[],
  ): ClientMetric<Child> | undefined {
    const metric = this.#register.getSingleMetric(name) as (ClientMetric<Child> & Registrable) | undefined
    if (metric === undefined) return undefined
    const { type, labelNames = [], collect } = metric
    if (type !== kind || labels.toSorted().join() !== labelNames.toSorted().join())
      throw new TypeError(
        `metric ${name} is registered as a ${String(type)} with labels [${labelNames.join(', ')}]: it cannot be a ${kind} with labels [${labels.join(', ')}] too`,
      )
    metric.collect = () => {
      this.#collect()
      return collect?.call(metric)
    }
    return metric
  }

  /** A page reads all its metrics in one go: the readers are called before the first of them, and not again. */
  #collect(): void {
    if (this.#hasCollected) return
    this.#hasCollected = true
    queueMicrotask(() => {
      this.#hasCollected = false
    })
    for (const read of this.#readers) tell(read, undefined)
  }
}
