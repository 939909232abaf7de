// Metrics recorded by a client's own classes, for programs whose registry, page and defaults are those of prom-client or @prometheus-io/client.
import { type CardinalityExceeded, Catalog, type Make, type MetricOutline } from '../catalog.ts'
import type { Metrics } from '../metrics.ts'
import type { ClientConfiguration, ClientMetric, ClientModule, ClientRegister } from './client-register.ts'
import { ClientCounter, ClientGauge, ClientObserver, type ClientSeries } from './client-series.ts'
import { NameClaims } from './name-claims.ts'
import { type PageReaders, pageReaders } from './page-readers.ts'

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

/** What the clients' own types do not say of a metric. */
interface Registrable {
  readonly type?: unknown
  readonly labelNames?: readonly string[]
}

/** What a kind of metric has beside what all have. */
type OwnConfiguration = Pick<ClientConfiguration, 'buckets' | 'percentiles' | 'maxAgeSeconds' | 'ageBuckets'>

class ClientMetrics extends Catalog<ClientSeries<unknown>> {
  readonly #register: ClientRegister
  readonly #readers: PageReaders
  readonly #claims = new NameClaims()

  constructor(client: ClientModule, options?: ClientMetricsOptions) {
    if (typeof client?.Counter !== 'function' || typeof client.Summary !== 'function')
      throw new TypeError('client must be what an import of prom-client or @prometheus-io/client gives')
    const { register = client.register, onCardinalityExceeded } = options ?? {}
    const readers = pageReaders(register)
    super(
      {
        counter: (spec) => this.#maker({ kind: 'counter', spec }, {}, client.Counter, ClientCounter),
        gauge: (spec) => this.#maker({ kind: 'gauge', spec }, {}, client.Gauge, ClientGauge),
        histogram: (spec, bounds) =>
          this.#maker({ kind: 'histogram', spec }, { buckets: [...bounds] }, client.Histogram, ClientObserver),
        summary: (spec, { quantiles, maxAgeMs }) => {
          const own = { percentiles: [...quantiles], maxAgeSeconds: maxAgeMs / 1_000, ageBuckets: 5 }
          return this.#maker({ kind: 'summary', spec }, own, client.Summary, ClientObserver)
        },
      },
      { onCardinalityExceeded, onDelete: (series) => series.forget(), readers },
    )
    this.#register = register
    this.#readers = readers
  }

  #maker<Child, Series>(
    outline: MetricOutline,
    own: OwnConfiguration,
    Metric: new (configuration: ClientConfiguration) => ClientMetric<Child>,
    Series: new (metric: ClientMetric<Child>, labels: Record<string, string>) => Series,
  ): Make<Series> {
    const { name: ownName, help } = outline.spec
    const { text: name, labels } = this.#claims.claim(outline)
    const metric =
      this.#registered<Child>(outline.kind, name, labels) ??
      new Metric({ name, help: help || ownName, labelNames: [...labels], registers: [this.#register as never], ...own })
    this.#readers.askedBy(metric)
    return (values) =>
      new Series(metric, Object.fromEntries(labels.map((label, index) => [label, values[index] ?? ''])))
  }

  /** A metric that somebody has registered; undefined where there is none. Throws when it is another kind of metric. */
  #registered<Child>(
    kind: MetricOutline['kind'],
    name: string,
    labels: readonly string[],
  ): ClientMetric<Child> | undefined {
    const metric = this.#register.getSingleMetric(name) as (ClientMetric<Child> & Registrable) | undefined
    if (metric === undefined) return undefined
    const { type, labelNames = [] } = metric
    if (type !== kind || labels.toSorted().join() !== labelNames.toSorted().join())
      throw new TypeError(
        `metric ${name} is registered as a ${String(type)} with labels [${labelNames.join(', ')}]: it cannot be a ${kind} with labels [${labels.join(', ')}] too`,
      )
    return metric
  }
}
