// What the backend for Graphite can be told, and what of it makes no sense.
import type { ReceiverFailure } from '../../platform/line-outlet.ts'
import { checkPacketLimits } from '../../platform/packet-limits.ts'
import { type SocketAddress, socketAddress } from '../../platform/socket-address.ts'
import { checkOneOf } from '../../primitives/check.ts'
import { checkPrefix } from '../check-prefix.ts'
import type { PushedOptions } from '../pushed-metrics.ts'
import type { Registry, RegistryOptions } from '../registry.ts'
import { type GraphiteNames, pathNames, taggedNames } from './graphite-names.ts'

export type { ReceiverFailure as GraphiteFailure } from '../../platform/line-outlet.ts'

/** Where metrics go, how often, and what they are called there. */
export interface GraphiteOptions
  extends Omit<PushedOptions, 'onError' | 'timeoutMs' | 'jitterRatio'>,
    Pick<RegistryOptions, 'onCardinalityExceeded'> {
  /**
   * The receiver: `tcp://host:port`, `udp://host:port`, with IPv6 in brackets, or `unix:///path` of a stream socket; the port is 2003 unless it is
   * given. @default 'tcp://127.0.0.1:2003'
   */
  readonly url?: string | undefined
  /** Stands before each name as it is, so it ends with a dot: ASCII letters, digits, `_`, `-` and `.`. @default '' */
  readonly prefix?: string | undefined
  /** What becomes of labels: tags, as Graphite has them since version 1.1, or parts of the path. See `taggedNames` and `pathNames`. @default 'tags' */
  readonly labels?: 'tags' | 'path' | undefined
  /** Tags of every series, such as the host: two processes must not send the same series. Not with `labels: 'path'`, where the prefix says it. @default none */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Whether histograms have `le_<bound>` too: how many values were up to each of their bounds. @default false */
  readonly buckets?: boolean | undefined
  /** By how much of itself an interval is longer or shorter, by chance. With a jitter there are steps of Graphite's without a point. @default 0 */
  readonly jitterRatio?: number | undefined
  /** The largest packet, in bytes, see `statsd`. @default 1_432 over UDP, 16_384 in a stream */
  readonly maxPacketBytes?: number | undefined
  /** How much may wait for a receiver that is slow, in bytes; at least a packet. The oldest is dropped for the newest. @default 1_048_576 */
  readonly maxPendingBytes?: number | undefined
  /** Told when the receiver goes down, and then not before it has been up for a while. @default nothing: `stats` has it */
  readonly onError?: ((event: ReceiverFailure) => void) | undefined
  /** Where the metrics are kept; those made on it directly are sent too. @default a new one */
  readonly registry?: Registry | undefined
}

/** The form of what only Graphite can be told. */
export interface CheckedGraphite {
  readonly address: SocketAddress
  readonly names: GraphiteNames
}

/** As `TaggedSeries.validateTagAndValue` of carbon has it, in one word. */
const tagForm = /^[^\s;!^=]+$/

/** Throws a RangeError or TypeError that names the option. */
export function checkedGraphite(options: GraphiteOptions): CheckedGraphite {
  const { url = 'tcp://127.0.0.1:2003', prefix = '', labels = 'tags', tags } = options
  checkPrefix(prefix)
  checkOneOf('labels', labels, ['tags', 'path'])
  if (labels === 'path' && tags !== undefined)
    throw new TypeError('tags cannot be sent where labels are parts of the path')
  if (tags !== undefined && (typeof tags !== 'object' || tags === null))
    throw new TypeError('tags must be texts by names')
  for (const [name, value] of Object.entries(tags ?? {})) {
    if (!tagForm.test(name) || name === 'name' || typeof value !== 'string')
      throw new TypeError(`tags must be texts by names without spaces, ;, !, ^ and =, but has ${JSON.stringify(name)}`)
  }
  const address = socketAddress(url, { defaultPort: 2003, option: 'url' })
  checkPacketLimits(address, options)
  return { address, names: labels === 'path' ? pathNames(prefix) : taggedNames(prefix, tags ?? {}) }
}
