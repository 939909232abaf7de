// The calling end of HTTP: a contract in, a client out.
import { type Client, clientOf, type Wire } from '../../core/client.ts'
import type { Context } from '../../core/context.ts'
import type { Contract, Methods } from '../../core/contract.ts'
import type { Endpoint } from '../../core/endpoint.ts'
import { ServiceError } from '../../core/errors.ts'
import { messageSizes } from '../../core/message-sizes.ts'
import { type MethodInfo, returnsStream, sendsStream } from '../../core/method.ts'
import type { ClientOptions } from '../../core/open-call.ts'
import type { HttpRoute } from '../../core/routes.ts'
import type { Loose } from '../../core/schema.ts'
import type { OutgoingRequest } from '../../platform/exchange.ts'
import { Requester } from '../../platform/requester.ts'
import type { RequesterTls } from '../../platform/requester-options.ts'
import { checkNumber } from '../../primitives/check.ts'
import { jsonCodec } from '../codec.ts'
import { ClientCall, type ClientLine, headersOf } from './client-call.ts'
import { lineType } from './reply-stream.ts'
import { MessageTaker, StreamTaker } from './reply-taker.ts'
import { requestForm } from './request-form.ts'
import { RequestStream } from './request-stream.ts'

export type { RequesterTls }

/** How connections to a server are made and kept. */
export interface HttpConnectionOptions {
  /** How many connections there may be; calls beyond wait, at the longest until their deadline. @default as many as the pipeline lets calls in, else 256 */
  readonly maxConnections?: number | undefined
  /** How long it may take to connect, TLS included, in milliseconds. @default 2_000 */
  readonly connectTimeoutMs?: number | undefined
  /** How long an idle connection is kept, in milliseconds, unless the server says for how long it keeps it. @default 4_000 */
  readonly keepAliveMs?: number | undefined
  /** After how long a connection takes no new call, in milliseconds, so that changes of names and new instances are seen. @default 300_000 */
  readonly maxConnectionAgeMs?: number | undefined
  /** Certificates and keys for `https:`. @default those that the runtime trusts */
  readonly tls?: RequesterTls | undefined
  /** The Unix socket that is called, whatever the host in the URL. @default none */
  readonly socketPath?: string | undefined
}

/** Which server an HTTP client calls, and how. */
export interface HttpClientOptions extends ClientOptions, HttpConnectionOptions {
  /** Where the server is, as in `http://127.0.0.1:8080`; a path in it comes before those of the routes. */
  readonly baseUrl: string
  /** The largest reply, or message of a stream, in bytes. @default 4_194_304 */
  readonly maxReplyBytes?: number | undefined
  /** How deep the JSON of a reply may nest. @default 100 */
  readonly maxDepth?: number | undefined
}

/** A client of an HTTP server. Throws a TypeError or RangeError when an option is out of range. */
export function httpClient<M extends Methods>(contract: Contract<M>, options: HttpClientOptions): Client<Contract<M>> {
  return clientOf(contract, httpWire(contract, options))
}

/** The way that `httpClient` calls, for those who build a client around it. Each has connections of its own, which `close` lets go of. */
export function httpWire<M extends Methods>(contract: Contract<M>, options: HttpClientOptions): Wire {
  const { base, origin } = placeOf(options.baseUrl)
  const codec = jsonCodec({ maxDepth: options.maxDepth })
  const maxReplyBytes = checkNumber('maxReplyBytes', options.maxReplyBytes ?? 4_194_304, { min: 1, integer: true })
  const maxConnections = options.maxConnections ?? options.pipeline?.maxInFlight
  const requester = new Requester(connectionOptions({ ...options, maxConnections }))
  const target = requester.to(origin)
  return {
    ...options,
    maxConnections,
    connect: (info) => {
      const [route] = contract.routes[info.name] as readonly HttpRoute[]
      return sender(info, route as HttpRoute, base, { origin: target, codec, maxReplyBytes })
    },
    close: () => requester.close(),
  }
}

/** What of a client's options is about its connections; what was not given is left out. */
export function connectionOptions(
  options: HttpConnectionOptions & Pick<ClientOptions, 'clock'>,
): HttpConnectionOptions {
  const { maxConnections, connectTimeoutMs, keepAliveMs, maxConnectionAgeMs, tls, socketPath, clock } = options
  const given = { maxConnections, connectTimeoutMs, keepAliveMs, maxConnectionAgeMs, tls, socketPath, clock }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

/** Splits the URL of a server. Throws a TypeError for what is none. */
export function placeOf(baseUrl: string): { readonly origin: string; readonly base: string } {
  const parsed = URL.parse(baseUrl)
  const plain = parsed !== null && /^https?:$/.test(parsed.protocol) && !/[?#]/.test(baseUrl) && parsed.username === ''
  if (!plain)
    throw new TypeError(
      `baseUrl must be like http://host:port or http://host/prefix, but is ${JSON.stringify(baseUrl)}`,
    )
  return { origin: parsed.origin, base: parsed.pathname.replace(/\/+$/, '') }
}

function sender(
  info: MethodInfo,
  route: HttpRoute,
  base: string,
  common: Omit<ClientLine, 'verb' | 'headers'>,
): Endpoint<Loose, unknown> {
  if (info.kind === 'bidiStream') return noBidi
  const accept = returnsStream(info) ? lineType : 'application/json'
  const line = { ...common, verb: route.method, headers: ['accept', accept, 'content-type', 'application/json'] }
  const take = returnsStream(info) ? StreamTaker : MessageTaker
  if (sendsStream(info))
    return streamSender({ ...line, headers: ['accept', accept, 'content-type', lineType] }, `${base}${route.path}`)
  const form = requestForm(route, base)
  const bare = { ...line, headers: ['accept', accept] }
  return (request, ctx) =>
    new Promise((resolve, reject) => {
      const { path, body } = form(request)
      const headers = headersOf(body === undefined ? bare : line, ctx)
      const taker = new take(common.codec, common.maxReplyBytes, resolve, reject)
      new ClientCall(line, { method: line.verb, path, headers, body }, ctx, taker)
    })
}

/** Sends a stream of requests. One that cannot be encoded ends the call: the server must not take those before it for all. */
function streamSender(line: ClientLine, path: string): Endpoint<Loose, unknown> {
  return (requests: AsyncIterable<unknown>, ctx: Context) =>
    new Promise((resolve, reject) => {
      const taker = new MessageTaker(line.codec, line.maxReplyBytes, resolve, reject)
      const body = new RequestStream(
        requests,
        (thrown) => {
          const error = new ServiceError('invalid_argument', 'the request could not be encoded', { cause: thrown })
          reject(error)
          return error
        },
        ctx.get(messageSizes),
      )
      const request: OutgoingRequest = { method: line.verb, path, headers: headersOf(line, ctx), body }
      new ClientCall(line, request, ctx, taker)
    })
}

const noBidi: Endpoint<unknown, never> = async () => {
  const text = 'streams in both directions need another wire than HTTP/1.1: gRPC, NATS or WebSocket'
  throw new ServiceError('unimplemented', text)
}
