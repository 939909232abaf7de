// Pushgateway: metrics of jobs that end before Prometheus comes by, left where it does.
import type { Metrics } from '../metrics.ts'
import { prometheus } from '../prometheus/prometheus.ts'
import { PushedMetrics } from '../pushed-metrics.ts'
import { PushgatewayDestination, type PushgatewayStats } from './pushgateway-destination.ts'
import { checkedPushgateway, type PushgatewayOptions } from './pushgateway-options.ts'

export type { PushgatewayStats } from './pushgateway-destination.ts'
export type { PushgatewayOptions } from './pushgateway-options.ts'

/** Metrics that are pushed to a Pushgateway. Disposing them pushes what there is, within some seconds, and then all that is measured is for nobody. */
export interface Pushgateway extends Metrics, AsyncDisposable {
  readonly stats: PushgatewayStats
  /** Pushes what there is. Never rejects: `stats` says whether it failed. */
  flush(): Promise<void>
}

/**
 * Pushes metrics to a Pushgateway, as the page that `prometheus()` has of them, when it is told to and at the end. Nothing is thrown: `stats.lastError` says in the gateway's
 * words what it did not like, and the end waits and tries again while the gateway does not answer. Throws a RangeError or TypeError for an option that makes no sense.
 *
 * The gateway keeps what was pushed until somebody deletes it, and shows it to Prometheus as if it were measured now: for services that stay up, Prometheus should come itself.
 */
export function pushgateway(options: PushgatewayOptions): Pushgateway {
  return new PushgatewayMetrics(options)
}

class PushgatewayMetrics extends PushedMetrics<PushgatewayDestination> implements Pushgateway {
  constructor(options: PushgatewayOptions) {
    const checked = checkedPushgateway(options)
    const page = options.metrics ?? prometheus({ clock: options.clock })
    const open = () => new PushgatewayDestination(page, checked, options)
    super(page, open, { ...options, intervalMs: options.intervalMs ?? Infinity })
  }

  get stats(): PushgatewayStats {
    return { pushes: this.destination.pushes, lastError: this.lastError }
  }
}
