// What DogStatsD can be told beyond StatsD, and what of it makes no sense.
import type { SocketAddress } from '../../platform/socket-address.ts'
import { checkOneOf } from '../../primitives/check.ts'
import { checkedAddress, type StatsdOptions } from '../statsd/statsd-options.ts'
import { checkTags, type Tags } from '../statsd/tags.ts'

/** Where metrics go, and what all of them say of who sends them. */
export interface DogstatsdOptions extends StatsdOptions {
  /** Tags of all metrics, events and service checks: `{ env: 'prod', service: 'shop', version: '1.2' }`. A label of the same name comes before. @default none */
  readonly tags?: Tags | undefined
  /**
   * What histograms and summaries are. `distribution` (`d`): Datadog takes quantiles of all hosts together. `histogram` (`h`): the Agent
   * takes quantiles of each host. `timing` (`ms`): the same of durations, in milliseconds; what is no duration is sent as a histogram. @default 'distribution'
   */
  readonly timings?: 'distribution' | 'histogram' | 'timing' | undefined
  /**
   * Several values of a series in a line, as protocol 1.1 has it (Agent 6.25 or 7.25, statsd_exporter), for which they wait up to 100 ms
   * longer. Without it each is a line, for older readers and for Telegraf. @default true
   */
  readonly packed?: boolean | undefined
  /**
   * What a gauge below zero is to the receiver: `set`, as in DogStatsD; or `from-zero` for receivers that subtract it, as statsd_exporter and Telegraf
   * do: it is then set to zero first, in the same packet. @default 'set'
   */
  readonly negativeGauges?: 'set' | 'from-zero' | undefined
  /** The container that this runs in, as protocol 1.2 has it: `ci-` and its id, or `in-` and the inode of its cgroup. @default none */
  readonly containerId?: string | undefined
  /** What the admission controller put into `DD_EXTERNAL_ENV`, as protocol 1.4 has it. @default none */
  readonly externalData?: string | undefined
}

/** Options that were looked at. */
export interface CheckedDogstatsd {
  readonly prefix: string
  readonly tags: Tags
  readonly timings: 'distribution' | 'histogram' | 'timing'
  readonly packed: boolean
  readonly signAdds: boolean
  /** What stands at the end of all lines, as in `|c:ci-0123`. */
  readonly origin: string
}

const originForm = /^[\w.,:/-]{1,300}$/

/** Looks at what only DogStatsD can be told, and gives the address. Throws a RangeError or TypeError that names the option. */
export function checkedDogstatsd(options: DogstatsdOptions): CheckedDogstatsd & { readonly address: SocketAddress } {
  const { tags = {}, packed = true, containerId, externalData, prefix = '' } = options
  const timings = checkOneOf('timings', options.timings ?? 'distribution', ['distribution', 'histogram', 'timing'])
  const negative = checkOneOf('negativeGauges', options.negativeGauges ?? 'set', ['set', 'from-zero'])
  if (typeof packed !== 'boolean') throw new TypeError('packed must be true or false')
  const origin = `${field('c', 'containerId', containerId)}${field('e', 'externalData', externalData)}`
  const checked = { prefix, tags: checkTags('tags', tags), timings, packed, signAdds: negative === 'from-zero', origin }
  return { ...checked, address: checkedAddress(options) }
}

function field(key: string, option: string, value: string | undefined): string {
  if (value === undefined) return ''
  if (typeof value === 'string' && originForm.test(value)) return `|${key}:${value}`
  throw new TypeError(`${option} must be up to 300 letters, digits and _ . , : / -, but is ${JSON.stringify(value)}`)
}
