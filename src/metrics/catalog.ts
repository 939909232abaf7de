// The metrics of one backend by name: whoever asks for one again gets the same, and one that differs is refused.
import { tell } from '../core/tell.ts'
import { checkBuckets, latencyBuckets } from './buckets.ts'
import type { Counter } from './counter.ts'
import type { Gauge } from './gauge.ts'
import type { Histogram, HistogramSpec } from './histogram.ts'
import { Family, type Measured } from './labelled.ts'
import { type CheckedSpec, checkSpec, type MetricSpec } from './metric-spec.ts'
import type { Metrics } from './metrics.ts'
import { Readers } from './readers.ts'
import { checkSummary, type Summary, type SummaryShape, type SummarySpec } from './summary.ts'

/** A metric had more series than its `maxSeries`. */
export interface CardinalityExceeded {
  readonly metric: string
  readonly maxSeries: number
}

/** A metric that is about to be made. */
export interface MetricOutline {
  readonly kind: 'counter' | 'gauge' | 'histogram' | 'summary'
  readonly spec: CheckedSpec
}

/** A metric that is there, and its instruments: those made first come first. */
export interface CatalogEntry<Instrument> extends MetricOutline {
  readonly series: readonly Instrument[]
}

/** Makes the instrument of given label values, of one metric. */
export type Make<Instrument> = (values: readonly string[]) => Instrument

/** Called once a metric; what they throw goes to whoever asks for the metric, which is then not made. */
export interface InstrumentMakers<Instrument> {
  counter(spec: CheckedSpec): Make<Instrument & Counter>
  gauge(spec: CheckedSpec): Make<Instrument & Gauge>
  histogram(spec: CheckedSpec, bounds: Float64Array): Make<Instrument & Histogram>
  summary(spec: CheckedSpec, shape: SummaryShape): Make<Instrument & Summary>
}

/** Who hears of what becomes of metrics, and of their being read. */
export interface CatalogOptions<Instrument> {
  /** Told once a metric. @default prints it with `console.warn` */
  readonly onCardinalityExceeded?: ((event: CardinalityExceeded) => void) | undefined
  /** Called with each instrument that is forgotten. @default nothing */
  readonly onDelete?: ((instrument: Instrument) => void) | undefined
  /** Where `onCollect` puts what it is given. @default a list of its own */
  readonly readers?: Readers | undefined
}

interface Registered<Instrument> extends MetricOutline {
  /** All that must be the same when a metric is asked for again. */
  readonly shape: string
  readonly family: Family<Instrument>
  readonly measured: unknown
}

/** What backends that keep their own instruments share: specs are looked at, each name is one metric, and readers are called. */
export class Catalog<Instrument> implements Metrics {
  readonly #makers: InstrumentMakers<Instrument>
  readonly #onCardinalityExceeded: (event: CardinalityExceeded) => void
  readonly #onDelete: ((instrument: Instrument) => void) | undefined
  readonly #registered = new Map<string, Registered<Instrument>>()
  readonly #readers: Readers
  readonly #onRegister = new Set<(metric: MetricOutline) => void>()

  constructor(makers: InstrumentMakers<Instrument>, options?: CatalogOptions<Instrument>) {
    this.#makers = makers
    this.#onCardinalityExceeded = options?.onCardinalityExceeded ?? warnOfCardinality
    this.#onDelete = options?.onDelete
    this.#readers = options?.readers ?? new Readers()
  }

  counter<const L extends string = never>(spec: MetricSpec<L>): Measured<Counter, L> {
    return this.#find('counter', spec, '', (checked) => this.#makers.counter(checked)) as never
  }

  gauge<const L extends string = never>(spec: MetricSpec<L>): Measured<Gauge, L> {
    return this.#find('gauge', spec, '', (checked) => this.#makers.gauge(checked)) as never
  }

  histogram<const L extends string = never>(spec: HistogramSpec<L>): Measured<Histogram, L> {
    const bounds = checkBuckets(spec.name, spec.buckets ?? latencyBuckets)
    const maker: Maker<Instrument> = (checked) => this.#makers.histogram(checked, bounds)
    return this.#find('histogram', spec, `buckets ${bounds.join(' ')}`, maker) as never
  }

  summary<const L extends string = never>(spec: SummarySpec<L>): Measured<Summary, L> {
    const shape = checkSummary(spec)
    const maker: Maker<Instrument> = (checked) => this.#makers.summary(checked, shape)
    return this.#find('summary', spec, `${JSON.stringify(shape)}`, maker) as never
  }

  onCollect(read: () => void): Disposable {
    return this.#readers.add(read)
  }

  /**
   * Calls `look` with each metric that there is, and with each new one before it is made: for backends with rules of their own about
   * names. What it throws goes to whoever asks for the metric, which is then not made.
   */
  onRegister(look: (metric: MetricOutline) => void): Disposable {
    for (const { kind, spec } of this.#registered.values()) look({ kind, spec })
    const listener = (metric: MetricOutline) => look(metric)
    this.#onRegister.add(listener)
    return { [Symbol.dispose]: () => void this.#onRegister.delete(listener) }
  }

  /** What there is, in the order in which it was made, once all that `onCollect` was given has been called. */
  collect(): readonly CatalogEntry<Instrument>[] {
    this.#readers.call()
    return Array.from(this.#registered.values(), ({ kind, spec, family }) => ({ kind, spec, series: family.all }))
  }

  #find(kind: MetricOutline['kind'], spec: MetricSpec<string>, shape: string, maker: Maker<Instrument>): unknown {
    const checked = checkSpec(spec)
    const unit = checked.unit && ` in ${checked.unit}`
    const whole = `${kind}${unit} with labels [${checked.labels.join(', ')}]${shape && ` and ${shape}`}`
    const known = this.#registered.get(checked.name)
    if (known !== undefined) {
      if (known.shape === whole) return known.measured
      throw new TypeError(`metric ${checked.name} is there already as a ${known.shape}: it cannot be a ${whole} too`)
    }
    for (const look of this.#onRegister) look({ kind, spec: checked })
    const family = new Family(
      checked,
      maker(checked),
      (metric) => tell(this.#onCardinalityExceeded, { metric, maxSeries: checked.maxSeries }),
      this.#onDelete,
    )
    const measured = checked.labels.length === 0 ? family.with({}) : family
    this.#registered.set(checked.name, { kind, spec: checked, shape: whole, family, measured })
    return measured
  }
}

type Maker<Instrument> = (spec: CheckedSpec) => Make<Instrument>

/** Prints that a metric has too many series. */
export function warnOfCardinality({ metric, maxSeries }: CardinalityExceeded): void {
  console.warn(
    `servicekit: metric ${metric} has more than ${maxSeries} series; the rest is counted in series whose labels are __overflow__`,
  )
}
