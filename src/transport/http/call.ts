// The single-endpoint door of the client: one request to one URL, with its own encoding, decoding and hooks.
import type { CallOptions } from '../../core/call-options.ts'
import type { Context } from '../../core/context.ts'
import { type ContextKey, contextKey } from '../../core/context-key.ts'
import { ServiceError } from '../../core/errors.ts'
import { type MessageSizes, messageSizes } from '../../core/message-sizes.ts'
import { type MethodInfo, noMethod } from '../../core/method.ts'
import type { ClientOptions } from '../../core/open-call.ts'
import { nameOf } from '../../core/single-method.ts'
import { isAsyncIterable, map } from '../../core/streams.ts'
import { tell } from '../../core/tell.ts'
import { Requester } from '../../platform/requester.ts'
import { byteLength } from '../../primitives/byte-length.ts'
import { checkNumber } from '../../primitives/check.ts'
import { jsonCodec } from '../codec.ts'
import type { ClientHooks } from '../hooks.ts'
import { singleCall } from '../single.ts'
import { connectionOptions, type HttpConnectionOptions } from './client.ts'
import { ClientCall, headersOf } from './client-call.ts'
import { countedBody } from './counted-body.ts'
import { checkRoute } from './endpoint.ts'
import type { HttpCallEnd } from './http-call-end.ts'
import { type HttpCallCount, type HttpReply, HttpReplyTaker } from './http-reply.ts'

export type { HttpCallEnd, HttpReply }

/** What is sent. */
export interface HttpCallRequest {
  /** Follows the URL of the call: segments of a path, a query, or both. @default nothing */
  readonly path?: string | undefined
  /** @default none */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** A stream is sent as it comes. @default no body */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array> | undefined
}

/** How a single URL is called. */
export interface HttpCallOptions<Req, Res>
  extends ClientOptions,
    HttpConnectionOptions,
    Pick<ClientHooks, 'before' | 'after'> {
  /** The verb. */
  readonly method: string
  /** Where to, as in `http://127.0.0.1:8080/count`. */
  readonly url: string
  /** How metrics and logs call it, as `service/name`. @default the host and the route */
  readonly name?: string | undefined
  /** Whether a second call does no harm. @default what RFC 9110, 9.2.2 says of the verb: true but for POST and PATCH */
  readonly idempotent?: boolean | undefined
  /** How long a call may take unless its caller says otherwise, in milliseconds. @default 5_000, none where the reply is a stream */
  readonly timeoutMs?: number | undefined
  /** Whether the whole reply is read before `decode`, or is handed over as it comes; then `decode` must give an async iterable. @default whole */
  readonly reply?: 'whole' | 'stream' | undefined
  /** The largest reply that is read whole, in bytes. @default 4_194_304 */
  readonly maxReplyBytes?: number | undefined
  /** How deep the JSON of a reply may nest. @default 100 */
  readonly maxDepth?: number | undefined
  /** Makes the request. @default JSON as the body */
  readonly encode?: ((request: Req, ctx: Context) => HttpCallRequest | Promise<HttpCallRequest>) | undefined
  /** Reads a reply with a status from 200 to 299. @default the body as JSON; the stream as it is */
  readonly decode?: ((reply: HttpReply, ctx: Context) => Res | Promise<Res>) | undefined
  /** Reads any other reply. @default a problem document of ours, else what the status says */
  readonly decodeError?: ((reply: HttpReply) => ServiceError) | undefined
  /** Once for each call, however it ended. */
  readonly finally?: readonly ((event: HttpCallEnd) => void)[] | undefined
}

/** Calls one URL. Disposing it closes its connections. */
export type HttpCaller<Req, Res> = ((request: Req, options?: Context | CallOptions) => Promise<Res>) & AsyncDisposable

const counted: ContextKey<HttpCallCount | undefined> = contextKey('http-call-count', {
  scope: 'hop',
  fallback: undefined,
})

/** An endpoint that calls one URL, without a contract. It settles as the calls of a client do. Throws a TypeError or RangeError when an option is out of range. */
export function httpCall<Req = unknown, Res = unknown>(options: HttpCallOptions<Req, Res>): HttpCaller<Req, Res> {
  const { method, decodeError, reply = 'whole', before = [], finally: ends = [] } = options
  const streams = reply === 'stream'
  if (reply !== 'whole' && reply !== 'stream')
    throw new TypeError(`reply must be whole or stream, but is ${String(reply)}`)
  const url = urlOf(options.url)
  checkRoute(method, url.pathname)
  if (options.timeoutMs !== undefined) checkNumber('timeoutMs', options.timeoutMs, { min: 1 })
  const maxBytes = checkNumber('maxReplyBytes', options.maxReplyBytes ?? 4_194_304, { min: 1, integer: true })
  const codec = jsonCodec({ maxDepth: options.maxDepth })
  const maxConnections = options.maxConnections ?? options.pipeline?.maxInFlight
  const requester = new Requester(connectionOptions({ ...options, maxConnections }))
  const line = { origin: requester.to(url.origin), verb: method, headers: [], codec, maxReplyBytes: maxBytes }
  const send = ({ path = '', headers = {}, body }: HttpCallRequest, ctx: Context) =>
    new Promise<HttpReply>((resolve, reject) => {
      const count = ctx.get(counted) ?? { status: 0, requestBytes: 0, responseBytes: 0 }
      // What a hook or the call itself has set counts, and it counts once.
      const encoded = Object.entries(headers).flatMap(([name, value]) => [name.toLowerCase(), value])
      const all = headersOf({ ...line, headers: encoded }, ctx)
      const request = {
        method,
        path: `${url.pathname}${url.search}${path}`,
        headers: all,
        body: watched(ends.length === 0 ? body : measured(body, count), ctx.get(messageSizes)),
      }
      new ClientCall(
        line,
        request,
        ctx,
        new HttpReplyTaker({ codec, maxBytes, streams, count, decodeError }, resolve, reject),
      )
    })
  const call = singleCall<Req, Res>(infoOf(options, url, streams), send, {
    ...options,
    maxConnections,
    encode: options.encode ?? jsonRequest,
    decode: (options.decode ??
      (streams ? (message: HttpReply) => message.stream : (message: HttpReply) => message.json())) as never,
    before:
      ends.length === 0
        ? before
        : [(ctx) => ctx.with(counted, { status: 0, requestBytes: 0, responseBytes: 0 }), ...before],
    finally:
      ends.length === 0
        ? undefined
        : [
            (end) => {
              const count = end.ctx.get(counted) ?? { status: 0, requestBytes: 0, responseBytes: 0 }
              for (const hook of ends) tell(hook, { ...end, ...count })
            },
          ],
  })
  const caller: HttpCaller<Req, Res> = Object.assign(
    (request: Req, given?: Context | CallOptions) => call(request, given),
    {
      [Symbol.asyncDispose]: () => requester.close(),
    },
  )
  return caller
}

function infoOf(
  {
    method,
    name,
    idempotent,
    timeoutMs,
  }: Pick<HttpCallOptions<never, unknown>, 'method' | 'name' | 'idempotent' | 'timeoutMs'>,
  url: URL,
  streams: boolean,
): MethodInfo {
  const named = name === undefined ? { service: url.host, name: `${method} ${url.pathname}` } : nameOf('name', name)
  return Object.freeze({
    ...noMethod,
    ...named,
    fullName: `${named.service}/${named.name}`,
    kind: streams ? 'serverStream' : 'unary',
    idempotent: idempotent ?? (method !== 'POST' && method !== 'PATCH'),
    timeoutMs,
  })
}

function urlOf(text: string): URL {
  const url = URL.parse(text)
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.hash === '') return url
  throw new TypeError(`url must be like http://host:port/path, but is ${JSON.stringify(text)}`)
}

function jsonRequest(request: unknown): HttpCallRequest {
  let body: string | undefined
  try {
    body = JSON.stringify(request)
  } catch (thrown) {
    throw new ServiceError('invalid_argument', 'the request could not be encoded', { cause: thrown })
  }
  return body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body }
}

function measured(body: HttpCallRequest['body'], count: HttpCallCount): HttpCallRequest['body'] {
  if (isAsyncIterable(body)) {
    return map(body as AsyncIterable<Uint8Array>, (piece) => {
      count.requestBytes += piece.length
      return piece
    })
  }
  if (body !== undefined) count.requestBytes = byteLength(body as string | Uint8Array)
  return body
}

/** Of a body that is no stream the call itself tells. */
function watched(body: HttpCallRequest['body'], sizes: MessageSizes | undefined): HttpCallRequest['body'] {
  if (sizes === undefined || !isAsyncIterable(body)) return body
  return countedBody(body as AsyncIterable<Uint8Array>, (bytes) => sizes.sent(bytes))
}
