// What a sink of syslog can be told, its defaults, and what of it makes no sense.
import { hostname as hostnameOfSystem } from 'node:os'
import { basename } from 'node:path'
import { type Clock, systemClock } from '../../core/clock.ts'
import type { ReceiverFailure } from '../../platform/line-outlet.ts'
import type { RequesterTls } from '../../platform/requester-options.ts'
import { type SocketAddress, socketAddress } from '../../platform/socket-address.ts'
import { checkNumber, checkOneOf } from '../../primitives/check.ts'
import type { Random } from '../../primitives/random.ts'
import type { LineWriter } from '../line-writer.ts'
import type { LogRecord } from '../log-record.ts'
import type { Sink } from '../sink.ts'
import { type Facility, facilityCode } from './code.ts'
import type { Sender } from './format.ts'

export type { ReceiverFailure as SyslogFailure } from '../../platform/line-outlet.ts'

/** Where messages go, what they say of who sends them, and how much may wait. */
export interface SyslogOptions {
  /**
   * The receiver: `udp://host[:port]`, `tcp://host[:port]`, with IPv6 in brackets, or `unix:///path` of a stream socket; the port is 514 unless it is given,
   * with `tls` 6514. Node has no Unix sockets for datagrams, which `/dev/log` of rsyslog and systemd is: send to their UDP or TCP. @default 'udp://127.0.0.1:514'
   */
  readonly url?: string | undefined
  /** Encrypts a connection to `tcp://` as RFC 5425 has it; `{}` trusts what the runtime trusts. @default none: not encrypted */
  readonly tls?: RequesterTls | undefined
  /** `rfc5424`, or what BSD began with, for receivers that know nothing else: no year, no milliseconds, no structured data. @default 'rfc5424' */
  readonly format?: 'rfc5424' | 'rfc3164' | undefined
  /**
   * How messages are told apart in a stream, by RFC 6587: their length stands before each (3.4.1), which RFC 5425 demands of TLS, or a line feed ends each
   * (3.4.2). @default 'octet-counting' over TCP and TLS, 'line-feed' over a Unix socket, whose receivers know nothing else
   */
  readonly framing?: 'octet-counting' | 'line-feed' | undefined
  /** @default 'user' */
  readonly facility?: Facility | undefined
  /** The name of this host. RFC 3164 leaves its domain out. @default that of the system */
  readonly hostname?: string | undefined
  /** The name of the program, of which 48 characters count, 32 for RFC 3164. @default that of its main file, without what follows the last dot */
  readonly appName?: string | undefined
  /** @default that of the process */
  readonly processId?: string | undefined
  /** Says of which kind a record is, in 32 characters at most; RFC 3164 has no place for it. @default none: `-` */
  readonly messageId?: ((record: LogRecord) => string | undefined) | undefined
  /**
   * Makes the text of a record, its fields included: `(to) => jsonSink(to, { timeKey: false, levelKey: false })`. @default for RFC 5424 the message, and fields are
   * structured data, which no text can be taken for; for RFC 3164 logfmt
   */
  readonly body?: ((to: LineWriter) => Sink) | undefined
  /**
   * Under which name fields are structured data: your own number of IANA's belongs behind the `@`, for 32473 is that of examples (RFC 5612).
   * @default 'fields@32473'
   */
  readonly structuredDataId?: string | undefined
  /** Whether a mark before the text says that it is UTF-8, as RFC 5424, 6.4 wants it, and as most receivers show it: as a character. @default false */
  readonly byteOrderMark?: boolean | undefined
  /**
   * The longest message, in bytes, from 480, which all receivers take: of a longer one the text is cut and fields are left out.
   * @default 2_048 over UDP, which RFC 5424, 6.1 asks receivers to take; 8_192 in a stream, as RFC 5425, 4.3.1 does
   */
  readonly maxMessageBytes?: number | undefined
  /** How much may wait for a receiver that is down or slow, in bytes; 16_384 and a message at least. The oldest is dropped for the newest. @default 1_048_576 */
  readonly maxPendingBytes?: number | undefined
  /** Told when the receiver goes down, and then not before it has been up for a while. @default nothing: `stats` has it */
  readonly onError?: ((event: ReceiverFailure) => void) | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
  /** For the jitter of reconnecting. @default systemRandom */
  readonly random?: Random | undefined
}

const mostDatagramBytes = 65_507
const mostStreamBytes = 1_048_576
const mostPendingBytes = 2 ** 31
// RFC 5424, 6.3.2: a name without an `@` is IANA's to give.
const idForm = /^(?=.{3,32}$)[!#-<>-?A-\\^-~]+@\d+(?:\.\d+)*$/

/** Options in their legal ranges. */
export interface CheckedSyslogOptions extends Pick<SyslogOptions, 'tls' | 'messageId' | 'body' | 'onError' | 'random'> {
  readonly format: 'rfc5424' | 'rfc3164'
  readonly structuredDataId: string
  readonly byteOrderMark: boolean
  readonly maxMessageBytes: number
  readonly maxPendingBytes: number
  readonly address: SocketAddress
  readonly sender: Sender
  /** Undefined for datagrams, of which each is a frame. */
  readonly framing: 'octet-counting' | 'line-feed' | undefined
  readonly clock: Clock
}

/** Puts defaults where nothing was given. Throws a RangeError or TypeError that names the option. */
export function checkedSyslogOptions(given: SyslogOptions = {}): CheckedSyslogOptions {
  const {
    tls,
    framing,
    facility = 'user',
    structuredDataId = 'fields@32473',
    format = 'rfc5424',
    byteOrderMark = false,
  } = given
  const address = socketAddress(given.url ?? 'udp://127.0.0.1:514', {
    defaultPort: tls === undefined ? 514 : 6_514,
    option: 'url',
  })
  const isUdp = address.kind === 'udp'
  checkOneOf('format', format, ['rfc5424', 'rfc3164'])
  if (framing !== undefined) checkOneOf('framing', framing, ['octet-counting', 'line-feed'])
  if (framing !== undefined && isUdp)
    throw new TypeError(`framing is for streams, but url is ${JSON.stringify(address.text)}`)
  if (typeof structuredDataId !== 'string' || !idForm.test(structuredDataId))
    throw new TypeError(`structuredDataId must be like name@32473, but is ${JSON.stringify(structuredDataId)}`)
  if (typeof byteOrderMark !== 'boolean')
    throw new TypeError(`byteOrderMark must be true or false, but is of type ${typeof byteOrderMark}`)
  for (const option of ['messageId', 'body'] as const) {
    const value: unknown = given[option]
    if (value !== undefined && typeof value !== 'function') throw new TypeError(`${option} must be a function`)
  }
  for (const option of ['hostname', 'appName', 'processId'] as const) {
    const value: unknown = given[option]
    if (value !== undefined && typeof value !== 'string')
      throw new TypeError(`${option} must be a text, but is of type ${typeof value}`)
  }
  facilityCode(facility)
  const maxMessageBytes = checkNumber('maxMessageBytes', given.maxMessageBytes ?? (isUdp ? 2_048 : 8_192), {
    min: 480,
    max: isUdp ? mostDatagramBytes : mostStreamBytes,
    integer: true,
  })
  const leastPending = Math.max(16_384, maxMessageBytes)
  const maxPendingBytes = checkNumber('maxPendingBytes', given.maxPendingBytes ?? Math.max(1_048_576, leastPending), {
    min: leastPending,
    max: mostPendingBytes,
  })
  return {
    ...given,
    tls,
    address,
    sender: {
      facility,
      hostname: given.hostname ?? hostnameOfSystem(),
      appName: given.appName ?? programName(),
      processId: given.processId ?? String(process.pid),
    },
    format,
    framing: isUdp ? undefined : (framing ?? (address.kind === 'unix' ? 'line-feed' : 'octet-counting')),
    structuredDataId,
    byteOrderMark,
    maxMessageBytes,
    maxPendingBytes,
    clock: given.clock ?? systemClock,
  }
}

function programName(): string {
  return basename(process.argv[1] ?? 'node').replace(/(?<=.)\.\w+$/, '')
}
