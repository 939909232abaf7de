// StatsD: metrics as lines over UDP, TCP or a Unix stream, for statsd itself and for all who read what it reads (statsd_exporter, Telegraf, Vector).
import { Socket } from '../../platform/socket.ts'
import { statsdFormat } from './statsd-format.ts'
import { type Statsd, StatsdMetrics } from './statsd-metrics.ts'
import { checkedAddress, type StatsdOptions } from './statsd-options.ts'

export type { Statsd, StatsdStats } from './statsd-metrics.ts'
export type { StatsdFailure, StatsdOptions } from './statsd-options.ts'

/**
 * Sends metrics to a receiver of StatsD, and connects to it at once and again by itself. Throws a RangeError or TypeError for an option that makes no sense.
 *
 * - A counter is summed, and is a line each interval in which it was counted. A gauge is a line when it was set, and all are sent again once
 *   lines were lost. One below zero is set to zero first, in the same packet, because StatsD would subtract it.
 * - Each value of a histogram or summary is a line of a timer (`ms`), the only kind of StatsD for how values are spread: units of time become milliseconds, others,
 *   such as bytes, are written as they are. Buckets and quantiles are the receiver's own matter. statsd itself refuses values below zero.
 * - Labels: see `statsdFormat`. Their values become parts of the name, as in `rpc.server.calls.sum.ok`, so the order of the labels of a metric is that of the name.
 */
export function statsd(options: StatsdOptions = {}): Statsd {
  const address = checkedAddress(options)
  const { prefix = '', clock, random } = options
  return new StatsdMetrics(options, statsdFormat(prefix), (onError) => new Socket(address, { clock, random, onError }))
}
