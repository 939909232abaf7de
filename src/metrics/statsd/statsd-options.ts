// What StatsD and its dialects can be told, and what of it makes no sense.
import type { Clock } from '../../core/clock.ts'
import type { ReceiverFailure } from '../../platform/line-outlet.ts'
import { checkPacketLimits } from '../../platform/packet-limits.ts'
import { type SocketAddress, socketAddress } from '../../platform/socket-address.ts'
import { checkNumber } from '../../primitives/check.ts'
import type { Random } from '../../primitives/random.ts'
import type { CardinalityExceeded } from '../catalog.ts'
import { checkPrefix } from '../check-prefix.ts'

export type { ReceiverFailure as StatsdFailure } from '../../platform/line-outlet.ts'

/** Where metrics go, how often, and how much may wait. */
export interface StatsdOptions {
  /**
   * The receiver: `udp://host:port`, `tcp://host:port`, with IPv6 in brackets, or `unix:///path` of a stream socket; the port is 8125 unless it
   * is given. @default 'udp://127.0.0.1:8125'
   */
  readonly url?: string | undefined
  /** Stands before each name as it is, so it ends with a dot: ASCII letters, digits, `_`, `-` and `.`. @default '' */
  readonly prefix?: string | undefined
  /**
   * The share of the observations of histograms and summaries that is sent, above 0 and up to 1. The others are left out by chance, and each line says
   * the share, with which the receiver estimates their number: for a share like 0.1, so that each line stands for a whole number of them. Counters and gauges
   * are exact, for however much happens they are a line an interval. @default 1
   */
  readonly sampleRatio?: number | undefined
  /** How often counters and gauges are sent, in milliseconds. Observations wait for 100 ms at most. @default 10_000 */
  readonly intervalMs?: number | undefined
  /** By how much of itself an interval is longer or shorter, by chance, so that a fleet does not send all at once. @default 0.1 */
  readonly jitterRatio?: number | undefined
  /**
   * The largest packet, in bytes: 1_432 on Ethernet, 8_932 with jumbo frames on the whole way, 508 across the internet. What is sent in
   * a stream is cut into pieces of this size. @default 1_432 over UDP, 16_384 in a stream
   */
  readonly maxPacketBytes?: number | undefined
  /** How much may wait for a receiver that is down or slow, in bytes; at least a packet. The oldest is dropped for the newest. @default 1_048_576 */
  readonly maxPendingBytes?: number | undefined
  /** Told when the receiver goes down, and then not before it has been up for a while. @default nothing: `stats` has it */
  readonly onError?: ((event: ReceiverFailure) => void) | undefined
  /** Told once a metric. @default prints it with `console.warn` */
  readonly onCardinalityExceeded?: ((event: CardinalityExceeded) => void) | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
  /** For the jitter and the sampling. @default systemRandom */
  readonly random?: Random | undefined
}

/** Looks at what only StatsD can be told, and gives the address. Throws a RangeError or TypeError that names the option. */
export function checkedAddress(options: StatsdOptions): SocketAddress {
  const { url = 'udp://127.0.0.1:8125', prefix = '', sampleRatio = 1 } = options
  checkPrefix(prefix)
  // A line must say it without an exponent.
  checkNumber('sampleRatio', sampleRatio, { min: 1e-6, max: 1 })
  const address = socketAddress(url, { defaultPort: 8125, option: 'url' })
  checkPacketLimits(address, options)
  return address
}
