// InfluxDB: metrics as line protocol over HTTP, for its versions 1 and 2 and for all who read what they read (VictoriaMetrics, Telegraf, QuestDB).
import type { Metrics } from '../metrics.ts'
import { PushedMetrics } from '../pushed-metrics.ts'
import { Registry } from '../registry.ts'
import { InfluxDestination, type InfluxStats } from './influx-destination.ts'
import { checkedInflux, type InfluxOptions } from './influx-options.ts'

export type { InfluxStats } from './influx-destination.ts'
export type { InfluxOptions } from './influx-options.ts'

/** Metrics that are sent to InfluxDB. Disposing them sends what there is, within some seconds, and then all that is measured is for nobody. */
export interface Influx extends Metrics, AsyncDisposable {
  readonly stats: InfluxStats
  /** Sends what there is. Never rejects: `stats` says whether it failed. */
  flush(): Promise<void>
}

/**
 * Sends metrics to InfluxDB at intervals. Throws a RangeError or TypeError for an option that makes no sense.
 *
 * - A metric is a measurement, a label a tag, and a series a point each interval. The field `value` of a counter is what was added in the interval, so that `sum("value")` over any time is right, over
 *   restarts and hosts too; nothing added is no point. A gauge is its `value`.
 * - A histogram has `count` and `sum` of the interval, and `p50`, `p90`, `p95` and `p99` of it; a summary the same with its own quantiles.
 * - What cannot be sent waits with its time and is sent again as it was, and what is measured meanwhile comes in the next point. No point counts twice: one of
 *   the same series and time takes the place of itself. What the server refuses by itself is given up, and the others of its batch are not.
 * - White space and signs in tags are escaped, a backslash is a `/`, what cannot be printed a `_`, and an empty value no tag. Series that are written alike are added up.
 */
export function influx(options: InfluxOptions): Influx {
  return new InfluxMetrics(options)
}

class InfluxMetrics extends PushedMetrics<InfluxDestination> implements Influx {
  constructor(options: InfluxOptions) {
    const checked = checkedInflux(options)
    const { registry, clock, onCardinalityExceeded } = options
    const kept = registry ?? new Registry({ clock, onCardinalityExceeded })
    super(kept, () => new InfluxDestination(kept, checked, options), options)
  }

  get stats(): InfluxStats {
    return this.destination.stats
  }
}
