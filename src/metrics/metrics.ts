// Metrics: what code that measures is given. Where the values go, and in which form, is the backend's own matter.
import type { Handler } from '../core/handler.ts'
import type { Counter } from './counter.ts'
import type { Gauge } from './gauge.ts'
import type { Histogram, HistogramSpec } from './histogram.ts'
import type { Measured } from './labelled.ts'
import type { MetricSpec } from './metric-spec.ts'
import type { Summary, SummarySpec } from './summary.ts'

export type { Counter } from './counter.ts'
export type { Gauge } from './gauge.ts'
export type { Histogram, HistogramSpec } from './histogram.ts'
export type { Labelled, LabelValue, Measured } from './labelled.ts'
export type { MetricSpec } from './metric-spec.ts'
export type { Summary, SummarySpec } from './summary.ts'

/**
 * Makes instruments. Making one of a name that is there already gives the same one again, so that parts of a program need not
 * know of each other; throws a TypeError when the two differ in kind, unit, labels or buckets, and for a spec that makes no sense.
 */
export interface Metrics {
  /** What only goes up: calls, errors, bytes. */
  counter<const L extends string = never>(spec: MetricSpec<L>): Measured<Counter, L>
  /** What goes up and down: calls in flight, the length of a queue. */
  gauge<const L extends string = never>(spec: MetricSpec<L>): Measured<Gauge, L>
  /** How values are spread, counted in buckets: those of a whole fleet can be added up. */
  histogram<const L extends string = never>(spec: HistogramSpec<L>): Measured<Histogram, L>
  /** How values are spread, as quantiles of this process over the last minutes. */
  summary<const L extends string = never>(spec: SummarySpec<L>): Measured<Summary, L>
  /** Calls `read` each time before values are read or sent: for what is cheaper to look up then than to keep up to date. */
  onCollect(read: () => void): Disposable
  /** The page on which values can be read, where the backend has one, as Prometheus' has: for `httpHandler('/metrics', …)`. */
  readonly handler?: Handler | undefined
  /** Sends what is there, where the backend sends. Never rejects. */
  flush?(): Promise<void>
}
