// One connection of node:http: who is at its other end, and the exchanges on it that wait for their reply.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../core/clock.ts'
import type { ExchangePeer } from './exchange.ts'

/** What waits for its reply on a connection. */
export interface OpenExchange {
  gone(): void
}

/** What a connection knows of its server. */
export interface NodeConnectionServer {
  readonly clock: Clock
  readonly draining: boolean
  /** How long a caller may take nothing of a reply that waits for it, in milliseconds. */
  readonly sendTimeoutMs: number
}

/** How long a connection is still read from, and what comes thrown away, after a reply that did not wait for the whole request. */
const lingerMs = 1_000

/** One connection, for as long as it lasts. */
export class NodeConnection implements ExchangePeer {
  readonly #open = new Set<OpenExchange>()
  /** Whether the last reply on it has been sent: what comes afterwards is not looked at. */
  closing = false
  readonly #socket: Socket
  readonly #server: NodeConnectionServer
  #address: string | undefined

  constructor(socket: Socket, server: NodeConnectionServer) {
    this.#socket = socket
    this.#server = server
    socket.on('close', () => {
      for (const exchange of this.#open) exchange.gone()
    })
  }

  /** How many exchanges wait for their reply. */
  get waiting(): number {
    return this.#open.size
  }

  /** An exchange has begun. */
  take(exchange: OpenExchange): void {
    this.#open.add(exchange)
  }

  /** The last of a reply was handed over, or will never be. */
  release(exchange: OpenExchange): void {
    this.#open.delete(exchange)
    // A reply that began before the drain has not said that it is the last one here.
    if (this.#server.draining && this.#open.size === 0) this.#socket.destroySoon()
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
  watchRest(): void {
    if (this.#socket.writableLength > 0) this.watchSending()
  }

  /** All of it was taken. Behind a whole reply Node sets its own limit, for idle connections. */
  sent(): void {
    this.#socket.setTimeout(0)
  }

  /** The next reply is the last one. */
  close(request: IncomingMessage): void {
    this.closing = true
    if (!request.complete) this.#linger(request)
  }

  /**
   * Closed with something unread, a connection is reset, and the reset may overtake the reply: the caller would never learn
   * what was wrong (RFC 9112, 9.6). So only our own half is closed, until the caller has gone or some time has passed.
   */
  #linger(request: IncomingMessage): void {
    const socket = this.#socket
    socket.destroySoon = () => {
      socket.end()
      request.resume()
      const timer = this.#server.clock.schedule(lingerMs, () => socket.destroy())
      socket.once('close', () => timer.cancel())
    }
  }
}

function addressOf({ remoteAddress, remotePort, remoteFamily }: Socket): string {
  if (remoteAddress === undefined) return ''
  // An IPv4 caller of a server on all interfaces.
  if (remoteAddress.startsWith('::ffff:')) return `${remoteAddress.slice('::ffff:'.length)}:${remotePort}`
  return remoteFamily === 'IPv6' ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`
}
