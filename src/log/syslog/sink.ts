// The sink of syslog: records as messages to a receiver over UDP, TCP, TLS or a Unix stream.
import { tell } from '../../core/tell.ts'
import { BatchWriter } from '../../platform/batch-writer.ts'
import type { Channel } from '../../platform/channel.ts'
import { Socket } from '../../platform/socket.ts'
import type { SocketFailure } from '../../platform/socket-options.ts'
import type { LogRecord } from '../log-record.ts'
import type { Sink } from '../sink.ts'
import { messages } from './message.ts'
import { type CheckedSyslogOptions, checkedSyslogOptions, type SyslogOptions } from './options.ts'

export type { Facility } from './code.ts'
export type { SyslogFailure, SyslogOptions } from './options.ts'

/** How sending goes. */
export interface SyslogStats {
  /** How many messages the system has taken, which it may still lose on the way. */
  readonly sent: number
  /** How many were lost: the oldest of too many, refused, or cut off. */
  readonly dropped: number
  /** How many bytes wait because the receiver is down or slow. */
  readonly pendingBytes: number
  /** `down` over UDP: the last datagrams were refused, or the name has no address. */
  readonly state: 'connecting' | 'open' | 'down' | 'closed'
  /** What it was down with last; undefined while it never was. */
  readonly lastError: Error | undefined
}

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

/** Opens the way to the receiver, which tells what it suffers from. */
export type OpenChannel = (onError: (failure: SocketFailure) => void) => Channel

const tellEveryMs = 1_000

/** The sink, over whatever leads to the receiver. */
export class Syslog implements SyslogSink {
  readonly #options: CheckedSyslogOptions
  readonly #message: (record: LogRecord) => string
  readonly #channel: Channel
  readonly #writer: BatchWriter
  #lastError: Error | undefined
  #closing: Promise<void> | undefined
  /** How many dropped messages the receiver was told of. */
  #told = 0
  #toldAt = -Infinity

  constructor(options: CheckedSyslogOptions, open: OpenChannel) {
    this.#options = options
    this.#message = messages(options)
    this.#channel = open(({ address, error }) => {
      this.#lastError = error
      tell(options.onError, { url: address, error })
    })
    const { maxMessageBytes, maxPendingBytes, clock } = options
    const maxChunkBytes = this.#channel.datagrams ? maxMessageBytes : undefined
    this.#writer = new BatchWriter(this.#channel, { framing: 'each', maxChunkBytes, maxPendingBytes, clock })
  }

  get stats(): SyslogStats {
    const { sent, dropped, pendingBytes } = this.#writer
    return { sent, dropped, pendingBytes, state: this.#channel.state, lastError: this.#lastError }
  }

  get dropped(): number {
    return this.#writer.dropped
  }

  write(record: LogRecord): void {
    if (this.#writer.dropped !== this.#told) this.#tellDropped()
    this.#send(record)
  }

  async flush(): Promise<void> {
    if (this.#closing !== undefined) return this.#closing
    if (this.#writer.dropped !== this.#told) this.#tellDropped()
    await this.#writer.flush()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.#writer.dropped !== this.#told) this.#tellDropped()
    await this.#writer[Symbol.asyncDispose]()
    await this.#channel.close()
  }

  #send(record: LogRecord): void {
    const message = this.#message(record)
    const { framing } = this.#options
    if (framing === undefined) this.#writer.write(message)
    else if (framing === 'line-feed') this.#writer.write(`${message}\n`)
    else this.#writer.write(`${Buffer.byteLength(message)} ${message}`)
  }

  /** Once a second at most: a receiver that is slow loses some again and again. */
  #tellDropped(): void {
    const { clock } = this.#options
    if (this.#channel.state !== 'open' || this.#writer.blocked || clock.now() - this.#toldAt < tellEveryMs) return
    const { dropped } = this.#writer
    const fields = { dropped: dropped - this.#told, dropped_in_all: dropped }
    this.#told = dropped
    this.#toldAt = clock.now()
    this.#send({ at: clock.wallNow(), level: 'warn', message: 'log records dropped', bound: undefined, fields })
  }
}
