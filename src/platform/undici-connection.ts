// One connection: an undici client of its own, so that requests that wait can be taken back and an old connection takes no new ones.
import { connect as connectTcp, isIP, type NetConnectOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type SecureContext } from 'node:tls'
import { type buildConnector, Client, type Dispatcher } from 'undici'
import type { Timer } from '../core/clock.ts'
import type { Exchange } from './exchange.ts'
import { ConnectTimeout } from './request-failure.ts'
import type { CheckedRequesterOptions } from './requester-options.ts'

/** What a connection carries: an exchange that listens to undici. */
export interface Carried extends Exchange, Dispatcher.DispatchHandler {
  /** What carries it; undefined while it waits for one, and when it no longer needs it. */
  connection: UndiciConnection | undefined
  /** Whether the process may end while this is under way. */
  readonly isBackground: boolean
  /** What undici is given. */
  readonly sendable: Dispatcher.DispatchOptions
}

/** Who hears of what happens to connections. */
export interface ConnectionOwner {
  readonly url: string
  readonly options: CheckedRequesterOptions
  /** What is trusted, and our certificate. Made once: reading certificates takes longer than connecting. */
  readonly secureContext: SecureContext
  /** The TLS session to go on with. */
  session: Buffer | undefined
  /** It is too old, or its socket is gone. */
  onUnfit(connection: UndiciConnection): void
}

const tcpKeepAliveMs = 60_000
// A server that says 5 s closes at 5 s of its own clock, and what was sent just before is on its way.
const hintMarginMs = 1_000
const longestKeepAliveMs = 600_000

/** Connects when it first carries something. Carries one exchange at a time. */
export class UndiciConnection {
  exchange: Carried | undefined
  /** What its socket failed with. */
  fault: Error | undefined
  /** Takes no new exchange. */
  expired: boolean
  readonly #owner: ConnectionOwner
  readonly #client: Client
  #socket: Socket | undefined
  /** Whether what it carries, or carried last, does not hold the process. */
  #letsGo: boolean
  #age: Timer | undefined

  constructor(owner: ConnectionOwner) {
    const { keepAliveMs } = owner.options
    this.exchange = undefined
    this.fault = undefined
    this.expired = false
    this.#owner = owner
    this.#socket = undefined
    this.#letsGo = false
    this.#age = undefined
    this.#client = new Client(owner.url, {
      connect: (target, callback) => this.#connect(target, callback),
      allowH2: false,
      pipelining: 1,
      // Of what takes how long we have the clock; these would cut long polls and quiet streams.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      keepAliveTimeoutThreshold: hintMarginMs,
      keepAliveMaxTimeout: longestKeepAliveMs,
    })
    this.#client.on('connect', () => this.#onConnect())
    this.#client.on('disconnect', () => this.#onGone())
    this.#client.on('connectionError', () => this.#onGone())
  }

  carry(exchange: Carried): void {
    this.exchange = exchange
    exchange.connection = this
    this.#client.dispatch(exchange.sendable, exchange)
    if (exchange.isBackground || this.#letsGo) this.#hold(!exchange.isBackground)
  }

  /** Ends it as soon as what it carries is over. */
  retire(): Promise<void> {
    this.#age?.cancel()
    return this.#client.close()
  }

  /** Ends it now; resolves when the socket is closed. */
  async destroy(): Promise<void> {
    this.#age?.cancel()
    const socket = this.#socket
    const closed =
      socket === undefined || socket.closed ? undefined : new Promise((resolve) => socket.once('close', resolve))
    await this.#client.destroy()
    socket?.destroy()
    await closed
  }

  /** Undici holds the process with each request: as it begins, unless another one has just ended. */
  #hold(isHeld: boolean): void {
    this.#letsGo = !isHeld
    if (isHeld) this.#socket?.ref()
    else this.#socket?.unref()
  }

  #onConnect(): void {
    if (this.exchange?.isBackground === true) this.#hold(false)
    const { clock, maxConnectionAgeMs } = this.#owner.options
    if (maxConnectionAgeMs === Infinity) return
    const expire = () => {
      this.expired = true
      this.#owner.onUnfit(this)
    }
    this.#age = clock.schedule(maxConnectionAgeMs, expire, { background: true })
  }

  #onGone(): void {
    this.#age?.cancel()
    this.#age = undefined
    this.expired = false
    this.#owner.onUnfit(this)
  }

  /** As undici's own connector, with a timeout that is exact. */
  #connect(target: buildConnector.Options, callback: buildConnector.Callback): void {
    const { clock, connectTimeoutMs } = this.#owner.options
    const isTls = target.protocol === 'https:'
    const socket = isTls ? this.#tls(target) : connectTcp(this.#address(target, 80))
    this.#socket = socket
    this.fault = undefined
    let settled = false
    const settle = (...result: Parameters<buildConnector.Callback>) => {
      if (settled) return
      settled = true
      timer.cancel()
      callback(...result)
    }
    const timer = clock.schedule(connectTimeoutMs, () => socket.destroy(new ConnectTimeout(connectTimeoutMs)))
    socket
      .setNoDelay(true)
      .setKeepAlive(true, tcpKeepAliveMs)
      .once(isTls ? 'secureConnect' : 'connect', () => settle(null, socket))
      .on('error', (error) => {
        this.fault = error
        settle(error, null)
      })
      // A socket that is destroyed without an error tells nobody else.
      .once('close', () => settle(new ConnectTimeout(connectTimeoutMs), null))
  }

  #tls(target: buildConnector.Options): Socket {
    const { serverName, rejectUnauthorized = true } = this.#owner.options.tls ?? {}
    const { hostname } = target
    // RFC 6066, 3: an address is no name to ask for.
    const servername = serverName ?? target.servername ?? (isIP(hostname) === 0 ? hostname : undefined)
    const socket = connectTls({
      ...this.#address(target, 443),
      secureContext: this.#owner.secureContext,
      rejectUnauthorized,
      ALPNProtocols: ['http/1.1'],
      ...(servername === undefined ? {} : { servername }),
      ...(this.#owner.session === undefined ? {} : { session: this.#owner.session }),
    } as ConnectionOptions)
    return socket.on('session', (session) => {
      this.#owner.session = session
    })
  }

  #address({ hostname, port }: buildConnector.Options, usualPort: number): NetConnectOpts {
    const { socketPath } = this.#owner.options
    return socketPath === undefined ? { host: hostname, port: Number(port) || usualPort } : { path: socketPath }
  }
}
