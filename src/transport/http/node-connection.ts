// One connection of node:http: who is at its other end, and the exchanges on it that wait for their reply.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../core/clock.ts'
import type { SweptConnection } from './connection-sweep.ts'
import type { BodyFailure, ExchangePeer } from './exchange.ts'
import type { SinkableMessage } from './sinkable-message.ts'

/** What waits for its reply on a connection. */
export interface OpenExchange {
  /** Whether all of the request has come. */
  readonly complete: boolean
  readonly response: ServerResponse
  /** The connection has closed. */
  gone(): void
  /** The rest of the request cannot be read. */
  fail(failure: BodyFailure): void
}

/** What a connection knows of its server. */
export interface NodeConnectionServer {
  readonly clock: Clock
  /** Whether each reply closes its connection. */
  readonly closes: boolean
  /** How long a caller may take nothing of a reply that waits for it, in milliseconds. */
  readonly sendTimeoutMs: number
  /** How large, in bytes, the rest of a request may be that nobody reads, and how long it may take, in milliseconds. */
  readonly maxBodyBytes: number
  readonly requestTimeoutMs: number
}

/** As much as is thrown away rather than close a connection for it. */
const littleBytes = 65_536

/** How long a connection on which nothing was ever sent is kept when its server closes. */
const firstRequestMs = 200

/** How long a connection is still read from, and what comes thrown away, after a reply that did not wait for the whole request. */
const lingerMs = 1_000

/** One connection, for as long as it lasts. */
export class NodeConnection implements ExchangePeer, SweptConnection {
  /** Those that wait, the oldest first: nearly always one, for which a set would be dear. */
  #oldest: OpenExchange | undefined = undefined
  readonly #others = new Set<OpenExchange>()
  /** The last one that was taken: its reply is the last one on the wire, whoever has replied before it. */
  #newest: OpenExchange | undefined = undefined
  /** Whether the last reply on it has been sent: what comes afterwards is not looked at. */
  closing = false
  idleLooks = 0
  #lingers = false
  readonly #socket: Socket
  readonly #server: NodeConnectionServer
  #address: string | undefined

  constructor(socket: Socket, server: NodeConnectionServer) {
    this.#socket = socket
    this.#server = server
    socket.on('close', () => {
      for (const exchange of this.#waiting()) exchange.gone()
    })
  }

  /** How many exchanges wait for their reply. */
  get waiting(): number {
    return this.#oldest === undefined ? 0 : 1 + this.#others.size
  }

  /** What was handed over but not taken yet is no idleness. */
  get isIdle(): boolean {
    return this.#oldest === undefined && this.#socket.writableLength === 0
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Closes it behind what was handed over, unless more is to come. */
  finish(): void {
    if (this.waiting > 0) return
    const response = this.#newest?.response
    // Replies go out in the order of their requests: the newest may still queue behind another one.
    if (response === undefined || response.writableFinished) this.#socket.destroySoon()
    else response.once('finish', () => this.#socket.destroySoon())
  }

  /** As `finish`; but whoever has just connected is about to send something, and gets an answer to that. */
  finishSoon(): void {
    if (this.#newest !== undefined) {
      this.finish()
      return
    }
    const timer = this.#server.clock.schedule(firstRequestMs, () => this.finish())
    this.#socket.once('close', () => timer.cancel())
  }

  /** An exchange has begun. */
  take(exchange: OpenExchange): void {
    this.idleLooks = 0
    this.#newest = exchange
    if (this.#oldest === undefined) this.#oldest = exchange
    else this.#others.add(exchange)
  }

  /** A reply was handed over, or will never be. */
  release(exchange: OpenExchange): void {
    if (exchange !== this.#oldest) {
      this.#others.delete(exchange)
      return
    }
    this.#oldest = undefined
    for (const next of this.#others) {
      this.#others.delete(next)
      this.#oldest = next
      return
    }
  }

  #waiting(): OpenExchange[] {
    return this.#oldest === undefined ? [] : [this.#oldest, ...this.#others]
  }

  /** As `release`, for a reply that could not say that it is the last one here: it began before that was known, or another one is behind it. */
  releaseSilently(exchange: OpenExchange): void {
    this.release(exchange)
    if (this.closing || this.#server.closes) this.finish()
  }

  /** Whether nothing follows the reply of an exchange on the wire. */
  isNewest(exchange: OpenExchange): boolean {
    return exchange === this.#newest
  }

  /**
   * What came is no request. If it is the body of the latest one, that one fails; those before it are good, and get their
   * replies before the connection closes.
   */
  breakOff(failure: BodyFailure): void {
    this.closing = true
    const latest = this.#waiting().at(-1)
    if (latest?.complete === false) latest.fail(failure)
  }

  get address(): string {
    // Kept: once it is closed the socket has forgotten it.
    this.#address ??= addressOf(this.#socket)
    return this.#address
  }

  get secure(): boolean {
    return (this.#socket as TLSSocket).encrypted === true
  }

  get certificate(): Uint8Array | undefined {
    const socket = this.#socket as TLSSocket
    return socket.authorized ? socket.getPeerCertificate().raw : undefined
  }

  /**
   * Something waits to be taken by the caller: it must take some of it in time, again and again, or the connection is closed.
   * Node's own timer looks at what is left to be written, and takes every byte that goes for life.
   */
  watchSending(): void {
    this.#socket.setTimeout(this.#server.sendTimeoutMs)
  }

  /** The last of a reply was handed over. */
  watchRest(response: ServerResponse): void {
    if (this.#socket.writableLength === 0) return
    this.watchSending()
    // Before Node's own listener, which sets the limit for idle connections.
    response.prependOnceListener('finish', () => this.sent())
  }

  /** All of it was taken. Behind a whole reply Node sets its own limit, for idle connections. */
  sent(): void {
    this.#socket.setTimeout(0)
  }

  /** The reply that is being sent says that it is the last one. */
  close(request: SinkableMessage): void {
    this.closing = true
    if (!request.complete) this.#linger(request)
  }

  /** A reply did not wait for the whole request: what is still to come of it is thrown away, within limits. */
  discardRest(request: SinkableMessage): void {
    const { clock, maxBodyBytes, requestTimeoutMs } = this.#server
    const limitBytes = Math.max(maxBodyBytes, littleBytes)
    let bytes = 0
    const timer = clock.schedule(requestTimeoutMs, () => this.destroy())
    const stop = () => timer.cancel()
    this.#socket.once('close', stop)
    request.sink = {
      push: (piece) => {
        if (piece === null) {
          stop()
          this.#socket.off('close', stop)
          return
        }
        if (bytes > limitBytes) return
        bytes += piece.length
        if (bytes > limitBytes) this.#endSlowly()
      },
    }
    request.resume()
  }

  /**
   * Closed with something unread, a connection is reset, and the reset may overtake the reply: the caller would never learn
   * what was wrong (RFC 9112, 9.6). So only our own half is closed, until the caller has gone or some time has passed.
   */
  #linger(request: IncomingMessage): void {
    const socket = this.#socket
    socket.destroySoon = () => {
      this.#endSlowly()
      request.resume()
    }
  }

  #endSlowly(): void {
    if (this.#lingers) return
    this.#lingers = true
    this.closing = true
    this.#socket.end()
    const timer = this.#server.clock.schedule(lingerMs, () => this.#socket.destroy())
    this.#socket.once('close', () => timer.cancel())
  }
}

function addressOf({ remoteAddress, remotePort, remoteFamily }: Socket): string {
  if (remoteAddress === undefined) return ''
  // An IPv4 caller of a server on all interfaces.
  if (remoteAddress.startsWith('::ffff:')) return `${remoteAddress.slice('::ffff:'.length)}:${remotePort}`
  return remoteFamily === 'IPv6' ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`
}
