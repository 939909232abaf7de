// Influx StatsD: StatsD with tags behind the name, as Telegraf reads it, and statsd_exporter too.
import { Socket } from '../../platform/socket.ts'
import { type Statsd, StatsdMetrics } from '../statsd/statsd-metrics.ts'
import { checkedAddress, type StatsdOptions } from '../statsd/statsd-options.ts'
import { checkTags, type Tags } from '../statsd/tags.ts'
import { influxStatsdFormat } from './influx-statsd-format.ts'

export type { Statsd, StatsdStats } from '../statsd/statsd-metrics.ts'
export type { StatsdFailure } from '../statsd/statsd-options.ts'
export type { Tags } from '../statsd/tags.ts'

/** Where metrics go, and what all of them say of who sends them. */
export interface InfluxStatsdOptions extends StatsdOptions {
  /** Tags of all metrics: `{ env: 'prod', service: 'shop' }`. A label of the same name comes before. @default none */
  readonly tags?: Tags | undefined
}

/**
 * Sends metrics to Telegraf's `inputs.statsd`, or whoever reads its tags, and connects to it at once and again by itself. Throws a RangeError or TypeError
 * for an option that makes no sense.
 *
 * - A counter is summed, and is a line each interval in which it was counted. Telegraf counts in whole numbers: it cuts off what is behind the point of a sum.
 * - A gauge is a line when it was set, and all are sent again once lines were lost. One below zero is set to zero first, in the same packet, because it would
 *   be subtracted.
 * - Each value of a histogram or summary is a line. Telegraf refuses values below zero, and makes quantiles where `percentiles` says which.
 * - Labels are tags, in their order; see `influxStatsdFormat` for what cannot be carried as it is.
 *
 * The form: https://github.com/influxdata/telegraf/tree/master/plugins/inputs/statsd#influx-statsd
 */
export function influxStatsd(options: InfluxStatsdOptions = {}): Statsd {
  const address = checkedAddress(options)
  const { prefix = '', tags = {}, clock, random } = options
  const format = influxStatsdFormat({ prefix, tags: checkTags('tags', tags) })
  return new StatsdMetrics(options, format, (onError) => new Socket(address, { clock, random, onError }))
}
