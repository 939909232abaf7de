// Mounts a Handler, a fetch-style function from request to response, on a server: for /metrics, health and admin.
import type { Context } from '../../core/context.ts'
import { ServiceError } from '../../core/errors.ts'
import type { Handler } from '../../core/handler.ts'
import { inbound } from '../../core/inbound.ts'
import { checkRoute, httpEndpoint } from './endpoint.ts'
import { HttpInbound } from './http-inbound.ts'
import type { HttpReplyMessage, HttpRequestMessage } from './http-request-message.ts'
import type { HttpMount } from './service.ts'

export type { HttpMount }

/** How a Handler is mounted. */
export interface HttpHandlerOptions {
  /** How long it may take to answer, in milliseconds; the body of its response may take longer. @default 5_000 */
  readonly timeoutMs?: number | undefined
}

/**
 * A Handler at a path, for all verbs; a path that ends in `/*` is for all below it. The size of a
 * body is not limited: it comes as it is read. What it throws is answered as the error
 * of a method is. Throws a TypeError for a path that is none.
 */
export function httpHandler(path: `/${string}`, handler: Handler, options?: HttpHandlerOptions): HttpMount {
  checkRoute('*', path)
  if (typeof handler !== 'function') throw new TypeError('a handler must be a function from Request to Response')
  return httpEndpoint<HttpRequestMessage, Response>(
    async (message, ctx) => {
      const response = await handler(requestOf(message, ctx), ctx)
      if (response instanceof Response) return response
      throw new TypeError(`the handler of ${path} gave no Response`)
    },
    { method: '*', path, body: 'stream', timeoutMs: options?.timeoutMs, decode: (message) => message, encode: replyOf },
  )
}

function requestOf(message: HttpRequestMessage, ctx: Context): Request {
  const call = ctx.get(inbound)
  const scheme = call instanceof HttpInbound && call.exchange.peer.secure ? 'https' : 'http'
  const host = message.headers.get('host') || 'localhost'
  const url = URL.parse(`${scheme}://${host}${message.target.startsWith('/') ? message.target : message.path}`)
  if (url === null) throw new ServiceError('invalid_argument', 'the URL of the request cannot be read')
  const headers = new Headers()
  for (const [name, value] of message.headers) headers.append(name, value)
  const { method } = message
  const hasBody = method !== 'GET' && method !== 'HEAD'
  try {
    return new Request(url, {
      method,
      headers,
      signal: signalOf(ctx),
      ...(hasBody && { body: readable(message.stream), duplex: 'half' }),
    } as RequestInit)
  } catch (thrown) {
    throw new ServiceError('invalid_argument', 'the request cannot be read', { cause: thrown })
  }
}

/** Aborts with the call, and also when the caller goes while it reads the body of the response. */
function signalOf(ctx: Context): AbortSignal {
  const controller = new AbortController()
  const call = ctx.get(inbound)
  ctx.onAbort((cause) => controller.abort(cause))
  if (call instanceof HttpInbound)
    call.onGone(() => controller.abort(new ServiceError('canceled', 'the caller has gone')))
  return controller.signal
}

/** As the stream's own iterator, but closing it cancels the stream at once, also while it waits for the next piece. */
function piecesOf(stream: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => {
      const reader = stream.getReader()
      const done = { done: true, value: undefined } as const
      return {
        next: () => reader.read().then((read) => (read.done ? done : { done: false, value: read.value })),
        return: () => reader.cancel().then(() => done),
      }
    },
  }
}

/** As `ReadableStream.from`, which not every runtime has. */
function readable(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}

function replyOf(response: Response): HttpReplyMessage {
  const headers: Record<string, string | string[]> = Object.create(null)
  for (const [name, value] of response.headers) {
    headers[name] = name === 'set-cookie' ? response.headers.getSetCookie() : value
  }
  return { status: response.status, headers, body: response.body === null ? undefined : piecesOf(response.body) }
}
