// One HTTP request and the reply to it, as whatever runtime offers them: the seam between node:http, fetch and the rest.
import type { Clock } from '../../core/clock.ts'
import { ServiceError } from '../../core/errors.ts'
import type { MessageSizes } from '../../core/message-sizes.ts'
import type { Metadata } from '../../core/metadata.ts'

/** What is known of the caller's end of a connection. */
export interface ExchangePeer {
  /** Address and port of the caller; empty when the runtime does not say. */
  readonly address: string
  /** Whether the connection is encrypted. */
  readonly secure: boolean
  /** The certificate with which the caller proved who it is, in DER; undefined when it showed none, or none that is trusted. */
  readonly certificate: Uint8Array | undefined
}

/** Names and values by turns, the names in lower case. */
export type HeaderList = readonly string[]

/** What writes the body of a reply piece by piece. */
export interface ReplyWriter {
  /** Whether a piece waits for a caller that does not read. */
  readonly blocked: boolean
  /** Sends a piece. Gives true when the next one may follow at once, else a promise: false when the caller has gone. */
  write(piece: string | Uint8Array): true | Promise<boolean>
  /** Ends the body. */
  end(trailers: HeaderList): void
  /** Breaks the reply off, so that the caller sees that it is not whole. */
  destroy(): void
}

/** Whoever serves an exchange. */
export interface ExchangeListener {
  /** The body that was asked for with `readBody` is there. */
  onBody(body: Uint8Array): void
  /** The body could not be read. */
  onBodyFailure(failure: BodyFailure): void
  /** The caller has gone before the reply was sent. */
  onGone(): void
}

/** One request and its reply. A reply is sent once: by `send`, or by `start`. */
export interface Exchange {
  readonly method: string
  /** What was asked for, as it was sent: path and query. */
  readonly target: string
  readonly headers: Metadata
  readonly peer: ExchangePeer
  /** Set by whoever serves the exchange. */
  listener: ExchangeListener | undefined
  /** Called once when nothing more happens: the reply was handed to the network, or the caller has gone. Set before the reply is sent. */
  onDone: ((sent: SentReply) => void) | undefined
  /** Reads the body to its end and tells the listener; nothing is told when the caller goes before. */
  readBody(limits: BodyLimits): void
  /** The body as it comes; fails with `canceled` when the caller goes before its end. */
  openBody(): AsyncIterable<Uint8Array>
  /** Sends a whole reply. `close` ends the connection behind it. `sizes` is told of the body that goes out, which may be none. */
  send(
    status: number,
    headers: HeaderList,
    body: string | Uint8Array | undefined,
    close: boolean,
    sizes?: MessageSizes | undefined,
  ): void
  /** Begins a reply whose body follows in pieces. */
  start(status: number, headers: HeaderList, close: boolean): ReplyWriter
}

/** What a reply was, for those who count. */
export interface SentReply {
  /** 0 when the caller went before anything was sent. */
  readonly status: number
  readonly requestBytes: number
  readonly responseBytes: number
  /** Whether all of it was handed to the network. */
  readonly complete: boolean
}

/** How much of a body is read, and for how long. */
export interface BodyLimits {
  readonly maxBytes: number
  readonly timeoutMs: number
  readonly clock: Clock
}

/** Why a body could not be read. */
export interface BodyFailure {
  readonly status: number
  readonly error: ServiceError
}

/** The body is larger than is read. */
export function tooLarge(maxBytes: number): BodyFailure {
  return { status: 413, error: new ServiceError('invalid_argument', `the body is larger than ${maxBytes} bytes`) }
}

/** The body did not come in time. */
export function tooSlow(timeoutMs: number): BodyFailure {
  return {
    status: 408,
    error: new ServiceError('deadline_exceeded', `the body did not come within ${timeoutMs} ms`, { retry: 'safe' }),
  }
}
