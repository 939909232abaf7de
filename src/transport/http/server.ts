// The HTTP server on Node: listens on a port or a Unix socket, keeps strangers within limits, and drains when it closes.
import { createServer, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Contract, Methods } from '../../core/contract.ts'
import type { Endpoints } from '../../core/endpoints.ts'
import { ServiceError } from '../../core/errors.ts'
import { Closing } from '../../platform/closing.ts'
import { checkNumber } from '../../primitives/check.ts'
import type { DispatchStats } from '../dispatch.ts'
import { answerBrokenRequest } from './broken-request.ts'
import { caughtUp } from './caught-up.ts'
import { ConnectionSweep } from './connection-sweep.ts'
import { Handshakes } from './handshakes.ts'
import { type ListenOptions, listen, placeOf } from './listen.ts'
import { mountsOf } from './mounts.ts'
import { NodeConnection, type NodeConnectionServer } from './node-connection.ts'
import { NodeExchange } from './node-exchange.ts'
import { requestFlaw } from './request-flaw.ts'
import { type HttpMount, HttpService, type HttpServiceOptions } from './service.ts'
import { SinkableMessage } from './sinkable-message.ts'
import { checkTls, type HttpTlsOptions, tlsOptions } from './tls-options.ts'

export type { HttpMount, HttpTlsOptions, ListenOptions }

/** How the HTTP server behaves. */
export interface HttpServerOptions extends HttpServiceOptions {
  /** What else this server serves: `mounted(contract, endpoints)`, `httpEndpoint(…)`, `httpHandler(…)`. @default nothing */
  readonly mount?: readonly (HttpMount | readonly HttpMount[])[] | undefined
  /** @default plain HTTP */
  readonly tls?: HttpTlsOptions | undefined
  /** How long the headers of a request may take, in milliseconds. @default 10_000 */
  readonly headersTimeoutMs?: number | undefined
  /** The largest that the headers of a request may be, in bytes. @default 16_384 */
  readonly maxHeaderBytes?: number | undefined
  /** How many headers a request may have. @default 100 */
  readonly maxHeaders?: number | undefined
  /** How long a connection may be idle between requests, in milliseconds; 0 for no limit. @default 5_000 */
  readonly keepAliveMs?: number | undefined
  /** How long a caller may take nothing of a reply that waits for it, in milliseconds; then its connection is closed. @default 30_000 */
  readonly sendTimeoutMs?: number | undefined
  /** How many connections may be open at once; more are closed as they come. @default no limit */
  readonly maxConnections?: number | undefined
}

/** A server that is ready to listen. */
export interface HttpListener {
  /** Resolves when the server listens. Rejects with an Error that says what to do when the address is taken, forbidden or not there. */
  listen(options?: ListenOptions): Promise<HttpServer>
}

/** Serves a contract. Throws a TypeError or RangeError when an option is out of range, an endpoint is missing, or two routes collide. */
export function httpServer<M extends Methods>(
  contract: Contract<M>,
  served: Endpoints<Contract<M>>,
  options?: HttpServerOptions,
): HttpListener
/** Serves what `options.mount` lists, and no contract of its own. */
export function httpServer(options: HttpServerOptions): HttpListener
export function httpServer<M extends Methods>(
  first: Contract<M> | HttpServerOptions,
  served?: Endpoints<Contract<M>>,
  rest?: HttpServerOptions,
): HttpListener {
  const { mounts, options } = mountsOf(first, served, rest)
  const limits = limitsOf(options)
  // Once now, for the sake of its checks.
  new HttpService(mounts, options)
  if (options?.tls !== undefined) checkTls(options.tls)
  return {
    listen: async (where) => HttpServer.listen(new HttpService(mounts, options), limits, options?.tls, where ?? {}),
  }
}

interface Limits {
  readonly headersTimeoutMs: number
  readonly maxHeaderBytes: number
  readonly maxHeaders: number
  readonly keepAliveMs: number
  readonly sendTimeoutMs: number
  readonly maxConnections: number | undefined
}

function limitsOf(options: HttpServerOptions | undefined): Limits {
  // The longest that the runtime's timers can be set for.
  const max = 2 ** 31 - 1
  const whole = { min: 1, max, integer: true } as const
  return {
    headersTimeoutMs: checkNumber('headersTimeoutMs', options?.headersTimeoutMs ?? 10_000, whole),
    maxHeaderBytes: checkNumber('maxHeaderBytes', options?.maxHeaderBytes ?? 16_384, { min: 1_024, integer: true }),
    maxHeaders: checkNumber('maxHeaders', options?.maxHeaders ?? 100, whole),
    sendTimeoutMs: checkNumber('sendTimeoutMs', options?.sendTimeoutMs ?? 30_000, whole),
    keepAliveMs: checkNumber('keepAliveMs', options?.keepAliveMs ?? 5_000, { min: 0, max, integer: true }),
    maxConnections:
      options?.maxConnections === undefined ? undefined : checkNumber('maxConnections', options.maxConnections, whole),
  }
}

const connection = Symbol('connection')

interface KnownSocket extends Socket {
  [connection]?: NodeConnection
}

/** How long replies may take to be handed over once every call has ended or was called off. */
const flushMs = 500

/** An HTTP server that listens. */
export class HttpServer implements AsyncDisposable {
  /** Where clients on this host find it, as in `http://127.0.0.1:8080`. */
  readonly url: string
  /** The port that it listens on; 0 for a Unix socket. */
  readonly port: number
  /** What it is bound to, as `host:port`: `[::]:8080` for all interfaces; undefined for a Unix socket. */
  readonly address: string | undefined
  readonly #service: HttpService
  readonly #node: Server
  readonly #maxHeaders: number
  readonly #about: NodeConnectionServer
  readonly #sweep: ConnectionSweep
  readonly #handshakes = new Handshakes()
  readonly #closing: Closing
  /** How many connections there were. */
  #met = 0

  private constructor(node: Server, service: HttpService, limits: Limits, secure: boolean) {
    const { url, port, address } = placeOf(node, secure)
    this.url = url
    this.port = port
    this.address = address
    this.#service = service
    this.#node = node
    this.#maxHeaders = limits.maxHeaders
    const { dispatcher } = service
    this.#about = {
      clock: dispatcher.clock,
      sendTimeoutMs: limits.sendTimeoutMs,
      maxBodyBytes: service.maxBodyBytes,
      requestTimeoutMs: service.requestTimeoutMs,
      get closes() {
        return service.closes
      },
    }
    const { keepAliveMs, headersTimeoutMs } = limits
    this.#sweep = new ConnectionSweep(
      keepAliveMs === 0 ? Infinity : keepAliveMs + headersTimeoutMs + 2 * checkEveryMs(headersTimeoutMs),
    )
    this.#closing = new Closing(() => this.#drain())
    if (!secure) node.on('connection', (socket) => this.#meet(socket))
    else {
      node.on('connection', (socket) => this.#handshakes.begin(socket))
      node.on('secureConnection', (socket: Socket) => {
        this.#handshakes.end(socket)
        this.#meet(socket)
      })
    }
    node.on('request', (request, response) => this.#take(request as SinkableMessage, response, false))
    node.on('checkContinue', (request, response) => this.#take(request as SinkableMessage, response, true))
    // It is looked at with the rest of the request.
    node.on('checkExpectation', (request, response) => this.#take(request as SinkableMessage, response, true))
    node.on('clientError', (error, socket) => {
      const known = (socket as KnownSocket)[connection]
      // Of a handshake that failed or did not go on: there is nobody to whom anything could be said.
      if (known === undefined) socket.destroy()
      else answerBrokenRequest(error, socket as Socket, known, service.maxUrlChars)
    })
  }

  static async listen(
    service: HttpService,
    limits: Limits,
    tls: HttpTlsOptions | undefined,
    where: ListenOptions,
  ): Promise<HttpServer> {
    const node = nodeServer(limits, tls)
    await listen(node, where)
    return new HttpServer(node, service, limits, tls !== undefined)
  }

  /** What the server is doing. */
  get stats(): DispatchStats {
    return this.#service.stats
  }

  /**
   * Resolves when the server has closed: after `close`, or after SIGINT or SIGTERM. Reading it says that the program ends
   * with this server: from then on those signals close it, a second one ends the process at once, and the process stays up.
   */
  get closed(): Promise<void> {
    return this.#closing.closed
  }

  /** Serves on, but lets callers go: each connection is closed behind its next reply, so that hardly any is left when the server closes. */
  leave(): void {
    this.#service.leave()
  }

  /** Refuses new calls, takes no new connections, closes idle ones, lets calls in flight end, and calls off what is left after `drainMs`. */
  close(): Promise<void> {
    return this.#closing.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing.close()
  }

  async #drain(): Promise<void> {
    const { dispatcher, drainMs } = this.#service
    // First, so that every reply from now on closes its connection.
    const drained = dispatcher.drain(drainMs)
    // Node takes a connection for idle as soon as its reply was handed over, and would cut what the caller has not taken yet.
    this.#node.closeIdleConnections = () => {}
    const timer = dispatcher.clock.schedule(drainMs + flushMs, () => this.#node.closeAllConnections())
    // What has come is refused in words: a connection that is cut leaves its caller in doubt whether the call has run.
    await caughtUp(() => this.#met)
    const closed = new Promise<void>((resolve) => this.#node.close(() => resolve()))
    await caughtUp(() => this.#met)
    this.#sweep.finish()
    this.#handshakes.destroy()
    await drained
    await closed
    this.#sweep.stop()
    timer.cancel()
  }

  #take(request: SinkableMessage, response: ServerResponse, expectsContinue: boolean): void {
    const socket = request.socket as KnownSocket
    const known = socket[connection] ?? this.#meet(socket)
    // What follows a reply that closes the connection must not run.
    if (known.closing) return
    const exchange = new NodeExchange(request, response, known, expectsContinue)
    const flaw = requestFlaw(request, this.#maxHeaders)
    if (flaw === undefined) this.#service.accept(exchange)
    else this.#service.refuse(exchange, flaw.status, new ServiceError('invalid_argument', flaw.text), true)
  }

  #meet(socket: KnownSocket): NodeConnection {
    this.#met++
    const met = new NodeConnection(socket, this.#about)
    socket[connection] = met
    this.#sweep.add(met)
    socket.on('close', () => this.#sweep.delete(met))
    return met
  }
}

/** How often Node looks for headers that take too long; what it finds then is told so, where the sweep would only close. */
function checkEveryMs(headersTimeoutMs: number): number {
  return Math.min(1_000, headersTimeoutMs)
}

function nodeServer(limits: Limits, tls: HttpTlsOptions | undefined): Server {
  const { headersTimeoutMs, maxHeaderBytes, maxHeaders, keepAliveMs, maxConnections } = limits
  const options: ServerOptions<typeof SinkableMessage> = {
    IncomingMessage: SinkableMessage,
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headersTimeoutMs,
    // The service limits how long a body takes: streams of requests may last.
    requestTimeout: 0,
    connectionsCheckingInterval: checkEveryMs(headersTimeoutMs),
    keepAliveTimeout: keepAliveMs,
    // The service answers it in its own form.
    requireHostHeader: false,
    optimizeEmptyRequests: true,
  }
  const node =
    tls === undefined
      ? createServer(options)
      : createTlsServer({ ...options, ...tlsOptions(tls), handshakeTimeout: headersTimeoutMs })
  // One more than is allowed, so that too many can be told from just as many.
  node.maxHeadersCount = maxHeaders + 1
  if (maxConnections !== undefined) node.maxConnections = maxConnections
  return node as Server
}
