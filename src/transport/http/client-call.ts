// One call that a client makes over HTTP: what is sent, and what becomes of each kind of reply.
import { callOptions } from '../../core/call-options.ts'
import type { Cancellation, Listener } from '../../core/cancellation.ts'
import { type Context, listen } from '../../core/context.ts'
import { ServiceError } from '../../core/errors.ts'
import { type MessageSizes, messageSizes } from '../../core/message-sizes.ts'
import { headerNames, type Metadata } from '../../core/metadata.ts'
import { isAsyncIterable } from '../../core/streams.ts'
import { tell } from '../../core/tell.ts'
import type { Exchange, Origin, OutgoingRequest, ReplyListener } from '../../platform/exchange.ts'
import { retryAfterMsOf } from '../../platform/retry-after.ts'
import { ByteCollector } from '../../primitives/byte-collector.ts'
import { byteLength } from '../../primitives/byte-length.ts'
import type { Codec } from '../codec.ts'
import { outboundHeaders, outboundTimeoutMs } from '../outbound.ts'
import { errorOfProblem, foreignError } from './problem.ts'
import type { ReplyTaker } from './reply-taker.ts'

/** Where the calls of one method go. */
export interface ClientLine {
  readonly origin: Origin
  readonly verb: string
  /** Sent with each call: names and values by turns. */
  readonly headers: readonly string[]
  readonly codec: Codec
  /** The largest reply, or message of a stream, in bytes. */
  readonly maxReplyBytes: number
}

// As much of an error without a document as is read.
const mostErrorBytes = 65_536

/** Names and values of all that is sent beside the body. */
export function headersOf(line: ClientLine, ctx: Context): string[] {
  const timeoutMs = outboundTimeoutMs(ctx, ctx.clock.now())
  const headers = [...line.headers]
  if (timeoutMs !== undefined) headers.push(headerNames.timeout, String(timeoutMs))
  for (const [name, value] of outboundHeaders(ctx)) {
    const place = placeOf(name, line.headers)
    // The program's own word counts, and it counts once.
    if (place < 0) headers.push(name, value)
    else headers[place + 1] = value
  }
  return headers
}

function isJson(headers: Metadata): boolean {
  return /json/i.test(headers.get('content-type') ?? '')
}

function placeOf(name: string, headers: readonly string[]): number {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return i
  return -1
}

/** One exchange for one call. It hears of the abort of its context, and of the reply. */
export class ClientCall implements ReplyListener, Listener {
  next: Listener | undefined = undefined
  previous: Listener | undefined = undefined
  list: Cancellation | undefined = undefined
  readonly #line: ClientLine
  readonly #ctx: Context
  readonly #taker: ReplyTaker
  readonly #path: string
  readonly #sizes: MessageSizes | undefined
  readonly #exchange: Exchange
  #status = 0
  #bytes = 0
  #headers: Metadata | undefined = undefined
  /** The body of an error; undefined as long as the reply is good. */
  #error: ByteCollector | undefined = undefined
  #mostErrorBytes = 0

  constructor(line: ClientLine, request: OutgoingRequest, ctx: Context, taker: ReplyTaker) {
    this.#line = line
    this.#ctx = ctx
    this.#taker = taker
    this.#path = request.path
    this.#sizes = ctx.get(messageSizes)
    this.#exchange = line.origin.send(request, this)
    if (this.#sizes !== undefined) this.#watch(this.#sizes, request)
    listen(ctx, this)
  }

  /** A stream tells by itself of what it sends. */
  #watch(sizes: MessageSizes, { body = '' }: OutgoingRequest): void {
    if (!isAsyncIterable(body)) sizes.sent(byteLength(body))
    this.#taker.watch?.(sizes)
  }

  /** The call was called off. */
  fire(cause: unknown): void {
    this.#exchange.abort(cause)
  }

  onHead(status: number, headers: Metadata, exchange: Exchange): void {
    this.#status = status
    this.#headers = headers
    tell(this.#ctx.get(callOptions)?.onHeaders, headers)
    if (status >= 200 && status <= 299) this.#taker.onHead(status, headers, exchange)
    else {
      this.#error = new ByteCollector()
      // What is in a document is lost with its end; of other texts the beginning is enough.
      this.#mostErrorBytes = isJson(headers) ? Math.max(this.#line.maxReplyBytes, mostErrorBytes) : mostErrorBytes
    }
  }

  onData(chunk: Uint8Array): void {
    this.#bytes += chunk.length
    if (this.#error === undefined) this.#taker.onData(chunk)
    else if (this.#error.length < this.#mostErrorBytes) this.#error.push(chunk)
  }

  onEnd(trailers: Metadata | undefined): void {
    this.list?.remove(this)
    if (this.#error !== undefined || this.#taker.watch === undefined) this.#sizes?.received(this.#bytes)
    if (this.#error !== undefined) this.#taker.onFailure(this.#errorOf(this.#error.take()))
    else {
      this.#taker.onEnd()
      if (trailers !== undefined) tell(this.#ctx.get(callOptions)?.onTrailers, trailers)
    }
  }

  onFailure(error: ServiceError): void {
    this.list?.remove(this)
    this.#taker.onFailure(error)
  }

  get #what(): string {
    return `${this.#line.verb} ${this.#line.origin.url}${this.#path}`
  }

  #errorOf(bytes: Uint8Array): ServiceError {
    const headers = this.#headers as Metadata
    try {
      const own = this.#taker.errorOf?.(this.#status, headers, bytes)
      if (own !== undefined) return own
    } catch (thrown) {
      return ServiceError.from(thrown)
    }
    const error = isJson(headers) ? this.#problem(bytes) : undefined
    const now = this.#ctx.clock.wallNow()
    if (error === undefined)
      return foreignError(this.#what, this.#status, headers, new TextDecoder().decode(bytes), now)
    if (error.retryAfterMs !== undefined) return error
    const retryAfterMs = retryAfterMsOf(headers, now)
    return retryAfterMs === undefined ? error : ServiceError.fromJSON({ ...error.toJSON(), retryAfterMs })
  }

  #problem(bytes: Uint8Array): ServiceError | undefined {
    try {
      return errorOfProblem(this.#line.codec.decode(bytes))
    } catch {
      return undefined
    }
  }
}
