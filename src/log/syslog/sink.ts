// The sink of syslog: records as messages to a receiver over UDP, TCP, TLS or a Unix stream.
import { LineOutlet, type OpenChannel, type OutletStats } from '../../platform/line-outlet.ts'
import { Socket } from '../../platform/socket.ts'
import type { LogRecord } from '../log-record.ts'
import type { Sink } from '../sink.ts'
import { messages } from './message.ts'
import { type CheckedSyslogOptions, checkedSyslogOptions, type SyslogOptions } from './options.ts'

export type { Facility } from './code.ts'
export type { SyslogFailure, SyslogOptions } from './options.ts'

/** How sending goes; each message is a line. */
export type SyslogStats = OutletStats

/** Sends records to a receiver of syslog. Disposing it sends what is left, within some seconds, and drops what is written afterwards. */
export interface SyslogSink extends Sink, AsyncDisposable {
  readonly stats: SyslogStats
  readonly dropped: number
  /** Sends what is there, or waits for two seconds where the receiver takes nothing. Never rejects. */
  flush(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Connects to the receiver at once, and again by itself. Messages leave after 100 ms at most, each at most once and in order, and wait while the receiver is
 * down or slow; what had to be dropped meanwhile is said in a warning with the counts `dropped` and `dropped_in_all`, before the first record that
 * leaves again. Throws a RangeError or TypeError for an option that makes no sense.
 *
 * - Levels are the severities 7 (debug), 6 (informational), 4 (warning) and 3 (error).
 * - Fields are parameters of structured data, named by their keys, of which 32 characters of ASCII count; lists and objects are JSON. Those of RFC 3164 are logfmt.
 * - Nothing that is logged can end a message or begin another: control characters are shown as `\n` or `\u001b`.
 */
export function syslogSink(options?: SyslogOptions): SyslogSink {
  const checked = checkedSyslogOptions(options)
  const { address, tls, clock, random } = checked
  return new Syslog(checked, (onError) => new Socket(address, { tls, clock, random, onError }))
}

const tellEveryMs = 1_000

/** The sink, over whatever leads to the receiver. */
export class Syslog implements SyslogSink {
  readonly #options: CheckedSyslogOptions
  readonly #message: (record: LogRecord) => string
  readonly #outlet: LineOutlet
  #closing: Promise<void> | undefined
  #toldAt = -Infinity

  constructor(options: CheckedSyslogOptions, open: OpenChannel) {
    this.#options = options
    this.#message = messages(options)
    const { maxMessageBytes, maxPendingBytes, clock, onError } = options
    const maxChunkBytes = options.framing === undefined ? maxMessageBytes : undefined
    this.#outlet = new LineOutlet(open, { framing: 'each', maxChunkBytes, maxPendingBytes, clock, onError })
  }

  get stats(): SyslogStats {
    return this.#outlet.stats
  }

  get dropped(): number {
    return this.#outlet.writer.dropped
  }

  write(record: LogRecord): void {
    if (this.#outlet.untold > 0) this.#tellDropped()
    this.#send(record)
  }

  async flush(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing
    if (this.#outlet.untold > 0) this.#tellDropped()
    await this.#outlet.writer.flush()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.#outlet.untold > 0) this.#tellDropped()
    await this.#outlet[Symbol.asyncDispose]()
  }

  #send(record: LogRecord): void {
    const message = this.#message(record)
    const { framing } = this.#options
    if (framing === undefined) this.#outlet.writer.write(message)
    else if (framing === 'line-feed') this.#outlet.writer.write(`${message}\n`)
    else this.#outlet.writer.write(`${Buffer.byteLength(message)} ${message}`)
  }

  /** Once a second at most: a receiver that is slow loses some again and again. */
  #tellDropped(): void {
    const { clock } = this.#options
    const { channel, writer } = this.#outlet
    if (channel.state !== 'open' || writer.blocked || clock.now() - this.#toldAt < tellEveryMs) return
    const fields = { dropped: this.#outlet.takeUntold(), dropped_in_all: writer.dropped }
    this.#toldAt = clock.now()
    this.#send({ at: clock.wallNow(), level: 'warn', message: 'log records dropped', bound: undefined, fields })
  }
}
