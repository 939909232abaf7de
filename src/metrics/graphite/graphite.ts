// Graphite: metrics as lines over TCP, UDP or a Unix stream, for carbon and for all who read what it reads (VictoriaMetrics, go-carbon, ClickHouse).
import type { OpenChannel } from '../../platform/line-outlet.ts'
import { Socket } from '../../platform/socket.ts'
import type { Metrics } from '../metrics.ts'
import { PushedMetrics } from '../pushed-metrics.ts'
import { Registry } from '../registry.ts'
import { GraphiteDestination, type GraphiteStats } from './graphite-destination.ts'
import type { GraphiteNames } from './graphite-names.ts'
import { checkedGraphite, type GraphiteOptions } from './graphite-options.ts'

export type { GraphiteStats } from './graphite-destination.ts'
export type { GraphiteFailure, GraphiteOptions } from './graphite-options.ts'

/** Metrics that are sent to Graphite. Disposing them sends what there is, within some seconds, and then all that is measured is for nobody. */
export interface Graphite extends Metrics, AsyncDisposable {
  readonly stats: GraphiteStats
  /** Sends what there is, or waits for two seconds where the receiver takes nothing. Never rejects. */
  flush(): Promise<void>
}

/**
 * Sends metrics to a receiver of Graphite's plain text protocol, and connects to it at once and again by itself. Throws a RangeError or TypeError for an option that makes no sense.
 *
 * - Each interval every series is a line. Counters are what they come to since the process began, for `perSecond` and `nonNegativeDerivative`, which know what a restart is: Graphite keeps the last
 *   value of a step and nothing says that a line has arrived, so sums of an interval would be lost where totals are only late.
 * - A histogram is `name.count` and `name.sum`, in all, and `name.p50`, `.p90`, `.p95` and `.p99` of the last interval, left out when nothing was observed in it. A summary is the
 *   same with its own quantiles.
 * - Labels and names: see `taggedNames` and `pathNames`. Series that are written alike are added up. What is no finite number is left out.
 */
export function graphite(options: GraphiteOptions = {}): Graphite {
  const { address, names } = checkedGraphite(options)
  const { clock, random } = options
  return new GraphiteMetrics(options, names, (onError) => new Socket(address, { clock, random, onError }))
}

/** As `graphite`, over any channel. */
export class GraphiteMetrics extends PushedMetrics<GraphiteDestination> implements Graphite {
  /** Throws a RangeError for an interval or a jitter that is none, before it opens anything. */
  constructor(options: GraphiteOptions, names: GraphiteNames, open: OpenChannel) {
    const { registry, clock, onCardinalityExceeded, intervalMs, jitterRatio = 0, random } = options
    const kept = registry ?? new Registry({ clock, onCardinalityExceeded })
    const destination = () => new GraphiteDestination(kept, names, options, open)
    super(kept, destination, { intervalMs, jitterRatio, clock, random })
  }

  get stats(): GraphiteStats {
    return this.destination.stats
  }
}
