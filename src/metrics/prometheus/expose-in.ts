// Shows our metrics on the page of a client's registry, for programs that have one already.
import type { CounterSeries } from '../counter.ts'
import type { Exemplar } from '../exemplar.ts'
import type { HistogramSeries } from '../histogram.ts'
import type { MetricFamily, MetricOutline, Registry } from '../registry.ts'
import type { SummarySeries } from '../summary.ts'
import type { ClientCollector, ClientExemplar, ClientFamily, ClientRegister, ClientSample } from './client-register.ts'
import type { ExposedName } from './exposed-name.ts'
import { NameClaims } from './name-claims.ts'

/**
 * Puts all metrics of `registry` into a registry of prom-client or @prometheus-io/client, those made later too. What that registry
 * writes is then its own matter; resetting it leaves ours as they are. Throws a TypeError, also when a metric is made later, when
 * a name is taken there or cannot be shown. Disposing takes them out.
 */
export function exposeIn(register: ClientRegister, registry: Registry): Disposable {
  const exposed = new ExposedRegistry(register, registry)
  try {
    exposed.begin()
  } catch (thrown) {
    exposed[Symbol.dispose]()
    throw thrown
  }
  return exposed
}

class ExposedRegistry implements Disposable {
  readonly #register: ClientRegister
  readonly #registry: Registry
  readonly #claims = new NameClaims()
  /** The names under which they are registered, which is not always the one that they have by now. */
  readonly #names = new Set<string>()
  #listening: Disposable | undefined
  #collected: readonly MetricFamily[] | undefined

  constructor(register: ClientRegister, registry: Registry) {
    this.#register = register
    this.#registry = registry
  }

  begin(): void {
    this.#listening = this.#registry.onRegister((metric) => this.#add(metric))
  }

  [Symbol.dispose](): void {
    this.#listening?.[Symbol.dispose]()
    for (const name of this.#names) this.#register.removeSingleMetric(name)
    this.#names.clear()
  }

  #add(metric: MetricOutline): void {
    const name = this.#claims.claim(metric)
    if (this.#register.getSingleMetric(name.text) !== undefined)
      throw new TypeError(
        `metric ${metric.spec.name} cannot be shown as ${name.text}: the registry has one of that name`,
      )
    const read = () => this.#collect().find(({ spec }) => spec === metric.spec)
    this.#register.registerMetric(new FamilyCollector(metric, name, read))
    this.#names.add(name.text)
  }

  /** A page reads all its metrics in one go: they are collected once for all of them. */
  #collect(): readonly MetricFamily[] {
    if (this.#collected === undefined) {
      this.#collected = this.#registry.collect()
      queueMicrotask(() => {
        this.#collected = undefined
      })
    }
    return this.#collected
  }
}

/** One metric of ours, as the clients' registries know theirs. */
class FamilyCollector implements ClientCollector, Omit<ClientFamily, 'values'> {
  /** Not read-only: a registry that writes OpenMetrics takes `_total` away from it, and adds it to the samples. */
  name: string
  readonly help: string
  readonly type: MetricOutline['kind']
  readonly aggregator = 'sum'
  readonly #exposed: ExposedName
  readonly #read: () => MetricFamily | undefined

  constructor({ kind, spec }: MetricOutline, exposed: ExposedName, read: () => MetricFamily | undefined) {
    this.name = exposed.text
    this.type = kind
    this.help = spec.help || spec.name
    this.#exposed = exposed
    this.#read = read
  }

  async get(): Promise<ClientFamily & { readonly aggregator: string }> {
    const { name, help, type, aggregator } = this
    const family = this.#read()
    return { name, help, type, aggregator, values: family === undefined ? [] : this.#samples(family) }
  }

  reset(): void {}

  #samples(family: MetricFamily): ClientSample[] {
    const { text } = this.#exposed
    switch (family.kind) {
      case 'counter':
        return family.series.map((series) => ({ ...this.#plain(series), exemplar: clientExemplar(series.exemplar) }))
      case 'gauge':
        return family.series.map((series) => this.#plain(series))
      case 'histogram':
        return family.series.flatMap((series) => histogramSamples(series, this.#labels(series.values), text))
      case 'summary':
        return family.series.flatMap((series) => summarySamples(series, this.#labels(series.values), text))
    }
  }

  #plain({ values, value }: Pick<CounterSeries, 'values' | 'value'>): ClientSample {
    return { labels: this.#labels(values), value }
  }

  #labels(values: readonly string[]): Record<string, string> {
    return Object.fromEntries(values.map((value, index) => [this.#exposed.labels[index], value]))
  }
}

function histogramSamples(series: HistogramSeries, labels: Record<string, string>, name: string): ClientSample[] {
  let below = 0
  const buckets = Array.from(series.counts, (inBucket, bucket): ClientSample => {
    below += inBucket
    return {
      metricName: `${name}_bucket`,
      labels: { le: series.bounds[bucket] ?? '+Inf', ...labels },
      value: below,
      exemplar: clientExemplar(series.exemplar(bucket)),
    }
  })
  return [...buckets, ...totals(series, labels, name)]
}

function summarySamples(series: SummarySeries, labels: Record<string, string>, name: string): ClientSample[] {
  const values = series.quantiles()
  const quantiles = series.shape.quantiles.map(
    (quantile, index): ClientSample => ({ labels: { quantile, ...labels }, value: values[index] ?? Number.NaN }),
  )
  return [...quantiles, ...totals(series, labels, name)]
}

function totals(series: HistogramSeries | SummarySeries, labels: Record<string, string>, name: string): ClientSample[] {
  return [
    { metricName: `${name}_sum`, labels, value: series.sum },
    { metricName: `${name}_count`, labels, value: series.count },
  ]
}

function clientExemplar(exemplar: Exemplar | undefined): ClientExemplar | undefined {
  if (exemplar === undefined) return undefined
  const { traceId, spanId, value, at } = exemplar
  return { labelSet: { trace_id: traceId, span_id: spanId }, value, timestamp: at / 1000 }
}
