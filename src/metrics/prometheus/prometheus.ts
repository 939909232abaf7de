// Prometheus: metrics in memory, and the page on which Prometheus reads them.
import type { Handler } from '../../core/handler.ts'
import type { Counter } from '../counter.ts'
import type { Gauge } from '../gauge.ts'
import type { Histogram, HistogramSpec } from '../histogram.ts'
import type { Measured } from '../labelled.ts'
import type { CheckedSpec, MetricSpec } from '../metric-spec.ts'
import type { Metrics } from '../metrics.ts'
import { Registry, type RegistryOptions } from '../registry.ts'
import type { Summary, SummarySpec } from '../summary.ts'
import type { ClientRegister } from './client-register.ts'
import { FamilyText } from './family-text.ts'
import type { Format } from './format.ts'
import { IncludedRegisters, type IncludeFailed } from './included-registers.ts'
import { NameClaims, namesOf } from './name-claims.ts'
import { scrapeHandler, type Wanted } from './scrape-handler.ts'

/** Where metrics are kept, and what else is on their page. */
export interface PrometheusOptions extends RegistryOptions {
  /** Where the metrics are kept; those made on it directly are shown too. The options of a registry are then its own. @default a new one */
  readonly registry?: Registry | undefined
  /** Registries of prom-client or @prometheus-io/client whose metrics are on the page of the handler, behind ours. @default none */
  readonly include?: readonly ClientRegister[] | undefined
  /** Told when included metrics could not be shown; the page goes without them. @default prints each message once with `console.warn` */
  readonly onIncludeFailed?: ((event: IncludeFailed) => void) | undefined
}

/** Metrics that Prometheus reads. A name it could not read, or would mix up with another one, is a TypeError when the metric is made. */
export interface Prometheus extends Metrics {
  /** Where they are kept. */
  readonly registry: Registry
  /** The page, for `httpHandler('/metrics', metrics.handler)`: text 0.0.4, or OpenMetrics 1.0 for who asks for it. */
  readonly handler: Handler
  /** The page as a text, without what is included. Throws a TypeError for a format that there is not. @default text */
  text(format?: Format): string
}

/**
 * Metrics for Prometheus. A name without dots is shown as it is; one with dots is translated as OpenTelemetry says, see `exposedName`.
 * In OpenMetrics the samples of counters end in `_total` whatever their name. Throws a TypeError when a registry that is handed in
 * has metrics that cannot be shown.
 */
export function prometheus(options?: PrometheusOptions): Prometheus {
  return new PrometheusMetrics(options)
}

class PrometheusMetrics implements Prometheus {
  readonly registry: Registry
  readonly handler: Handler = scrapeHandler((format, wanted) => this.#page(format, wanted))
  readonly #claims = new NameClaims()
  readonly #texts = new WeakMap<CheckedSpec, FamilyText>()
  readonly #included: IncludedRegisters | undefined

  constructor(options?: PrometheusOptions) {
    const { registry, include = [], clock, onCardinalityExceeded } = options ?? {}
    if (registry !== undefined && (clock !== undefined || onCardinalityExceeded !== undefined))
      throw new TypeError('clock and onCardinalityExceeded are options of the registry that is handed in')
    this.registry = registry ?? new Registry({ clock, onCardinalityExceeded })
    this.registry.onRegister((metric) => {
      this.#texts.set(metric.spec, new FamilyText(metric, this.#claims.claim(metric)))
    })
    if (include.length > 0) this.#included = new IncludedRegisters(include, this.#claims, options?.onIncludeFailed)
  }

  counter<const L extends string = never>(spec: MetricSpec<L>): Measured<Counter, L> {
    return this.registry.counter(spec)
  }

  gauge<const L extends string = never>(spec: MetricSpec<L>): Measured<Gauge, L> {
    return this.registry.gauge(spec)
  }

  histogram<const L extends string = never>(spec: HistogramSpec<L>): Measured<Histogram, L> {
    return this.registry.histogram(spec)
  }

  summary<const L extends string = never>(spec: SummarySpec<L>): Measured<Summary, L> {
    return this.registry.summary(spec)
  }

  onCollect(read: () => void): Disposable {
    return this.registry.onCollect(read)
  }

  text(format: Format = 'text'): string {
    if (format !== 'text' && format !== 'openmetrics')
      throw new TypeError(`format must be text or openmetrics, but is ${String(format)}`)
    return this.#own(format) + endOf(format)
  }

  #page(format: Format, wanted: Wanted): string | Promise<string> {
    const own = this.#own(format, wanted)
    const end = endOf(format)
    return this.#included?.text(format, wanted).then((theirs) => own + theirs + end) ?? own + end
  }

  #own(format: Format, wanted?: Wanted): string {
    let page = ''
    for (const family of this.registry.collect()) {
      const text = this.#texts.get(family.spec)
      if (text === undefined) continue
      if (wanted !== undefined && !namesOf(family.kind, text.name).some((name) => wanted.has(name))) continue
      page += text.write(family, format)
    }
    return page
  }
}

const endOf = (format: Format): string => (format === 'text' ? '' : '# EOF\n')
