// The HTTP server for runtimes that serve by the Fetch standard: Bun, Deno, Workers; it needs nothing of Node.
import type { Contract, Methods } from '../../core/contract.ts'
import type { Endpoints } from '../../core/endpoints.ts'
import { ServiceError } from '../../core/errors.ts'
import type { DispatchStats } from '../dispatch.ts'
import { FetchExchange } from './fetch-exchange.ts'
import { mountsOf } from './mounts.ts'
import { problemOf, problemType } from './problem.ts'
import { type HttpMount, HttpService, type HttpServiceOptions } from './service.ts'

export type { HttpMount }

/** How a fetch-style server behaves. Limits on headers and connections are those of its runtime. */
export interface FetchServerOptions extends HttpServiceOptions {
  /** What else it serves: `mounted(contract, endpoints)`, `httpEndpoint(…)`, `httpHandler(…)`. @default nothing */
  readonly mount?: readonly (HttpMount | readonly HttpMount[])[] | undefined
  /** Who called: gets the request, and what else the runtime passes; `bunPeer` and `denoPeer` are ready-made. @default nothing is said */
  readonly peer?: ((request: Request, ...more: readonly unknown[]) => string) | undefined
}

/**
 * What `export default` wants on Bun and Workers, and `Deno.serve` as `server.fetch`. The Fetch standard has no trailers: those
 * of handlers are left out. Bun sends the headers of a stream with its first message, and cuts a stream on which nothing moves
 * for 10 s unless its own `idleTimeout` says otherwise: that is sooner than the first heartbeat of Server-Sent Events.
 */
export interface FetchServer extends AsyncDisposable {
  /** Answers one request; never rejects. */
  readonly fetch: (request: Request, ...more: readonly unknown[]) => Promise<Response>
  /** What the server is doing. */
  readonly stats: DispatchStats
  /**
   * Refuses new calls, lets those in flight end, and calls off what is left after `drainMs`. Resolves when all replies were
   * handed to the runtime; then stop its listener, which writes them out.
   */
  close(): Promise<void>
}

/** How long replies may take to be read once every call has ended or was called off. */
const flushMs = 500

/** Serves a contract. Throws a TypeError or RangeError when an option is out of range, an endpoint is missing, or two routes collide. */
export function fetchServer<M extends Methods>(
  contract: Contract<M>,
  served: Endpoints<Contract<M>>,
  options?: FetchServerOptions,
): FetchServer
/** Serves what `options.mount` lists, and no contract of its own. */
export function fetchServer(options: FetchServerOptions): FetchServer
export function fetchServer<M extends Methods>(
  first: Contract<M> | FetchServerOptions,
  served?: Endpoints<Contract<M>>,
  rest?: FetchServerOptions,
): FetchServer {
  const { mounts, options } = mountsOf(first, served, rest)
  const service = new HttpService(mounts, options)
  const peer = options?.peer
  const open = new Set<FetchExchange>()
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= drain(service, open)
    return closing
  }
  return {
    fetch: (request, ...more) => {
      try {
        const exchange = new FetchExchange(request, peer?.(request, ...more) ?? '', open)
        // Nothing runs for a caller that has gone already.
        if (!request.signal.aborted) service.accept(exchange)
        return exchange.response
      } catch (thrown) {
        return Promise.resolve(failed(thrown))
      }
    },
    get stats() {
      return service.stats
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function drain({ dispatcher, drainMs }: HttpService, open: ReadonlySet<FetchExchange>): Promise<void> {
  const timer = dispatcher.clock.schedule(drainMs + flushMs, () => {
    for (const exchange of open) exchange.cutOff()
  })
  await dispatcher.drain(drainMs)
  await Promise.all(Array.from(open, ({ ended }) => ended))
  timer.cancel()
}

function failed(thrown: unknown): Response {
  const { status, text } = problemOf(ServiceError.from(thrown))
  return new Response(text, { status, headers: { 'content-type': problemType } })
}

/** The `peer` of a server on Bun, whose `fetch` gets the server beside the request. */
export function bunPeer(request: Request, server?: unknown): string {
  const { requestIP } = (server ?? {}) as Partial<BunServer>
  const found = requestIP?.call(server, request)
  return found ? addressOf(found.address, found.port) : ''
}

/** The `peer` of a server on Deno, whose handler gets the remote address beside the request. */
export function denoPeer(_request: Request, info?: unknown): string {
  const { hostname, port } = (info as Partial<DenoInfo> | undefined)?.remoteAddr ?? {}
  return hostname === undefined || port === undefined ? '' : addressOf(hostname, port)
}

interface BunServer {
  requestIP(request: Request): { readonly address: string; readonly port: number } | null
}

interface DenoInfo {
  /** Of a Unix socket it has neither. */
  readonly remoteAddr: { readonly hostname?: string; readonly port?: number }
}

function addressOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
