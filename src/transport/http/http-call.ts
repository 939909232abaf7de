// One call over HTTP between its exchange and the dispatcher: how a request is read, and how each kind of answer is written.
import { type Context, rootContext, servedContext } from '../../core/context.ts'
import { ServiceError } from '../../core/errors.ts'
import type { Inbound } from '../../core/inbound.ts'
import { headerNames, type Metadata, readCount } from '../../core/metadata.ts'
import { sendsStream } from '../../core/method.ts'
import { bounded, map } from '../../core/streams.ts'
import { readLines } from '../../platform/line-reader.ts'
import { byteLength } from '../../primitives/byte-length.ts'
import type { Codec } from '../codec.ts'
import type { Dispatcher, InboundCall, ServedCall } from '../dispatch.ts'
import { statuses } from '../status.ts'
import { BegunStream } from './begun-stream.ts'
import { countedBody } from './counted-body.ts'
import type { BodyFailure, Exchange, ExchangeListener, HeaderList, ReplyWriter } from './exchange.ts'
import type { HttpCallEnd } from './http-call-end.ts'
import { HttpInbound } from './http-inbound.ts'
import { type HttpReplyMessage, HttpRequestMessage } from './http-request-message.ts'
import type { HttpTarget, RawEndpoint } from './http-target.ts'
import type { Parameters } from './input.ts'
import { type Problem, problemOf, problemType } from './problem.ts'
import { sendRawReply } from './raw-reply.ts'
import { replyHeaders, trailersOf } from './reply-headers.ts'
import { events, lines, sendReplyStream } from './reply-stream.ts'
import { queryOf, type Target } from './target.ts'

/** How long the head of a stream waits for its first message. */
const headDelayMs = 250

/** What the calls of one server have in common. */
export interface HttpSettings {
  readonly dispatcher: Dispatcher
  readonly codec: Codec
  readonly maxBodyBytes: number
  readonly requestTimeoutMs: number
  readonly heartbeatMs: number
  readonly eventId: ((message: unknown) => string | undefined) | undefined
  /** Whether each reply closes its connection, though calls are still served. */
  leaving: boolean
}

// Not with a weight of 0, which says that it is not wanted (RFC 9110, 12.4.2).
const wantsEvents = /\btext\/event-stream\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i

const jsonType = 'application/json'
const nothing = new Uint8Array()

/** One call from its request to its reply. */
export class HttpCall implements InboundCall, ExchangeListener {
  readonly method: string
  readonly headers: Metadata
  readonly peer: string
  readonly deadlineAt: number | undefined
  readonly #exchange: Exchange
  readonly #target: HttpTarget
  readonly #parameters: Parameters
  readonly #asked: Target
  readonly #settings: HttpSettings
  /** Undefined where it is read as a stream. */
  #body: Uint8Array | undefined = undefined
  #served: ServedCall | undefined = undefined
  #inbound: HttpInbound | undefined = undefined
  #error: ServiceError | undefined = undefined
  #writer: ReplyWriter | undefined = undefined
  /** Lets go of a raw stream whose caller has gone. */
  #streaming: Disposable | undefined = undefined

  constructor(exchange: Exchange, target: HttpTarget, parameters: Parameters, asked: Target, settings: HttpSettings) {
    const { headers, peer } = exchange
    const timeoutMs = readCount(headers, headerNames.timeout, Number.MAX_SAFE_INTEGER)
    this.method = target.mounted.info.fullName
    this.headers = headers
    this.peer = peer.address
    // Counted from when the request came, however long its body takes.
    this.deadlineAt = timeoutMs === undefined ? undefined : settings.dispatcher.clock.now() + timeoutMs
    this.#exchange = exchange
    this.#target = target
    this.#parameters = parameters
    this.#asked = asked
    this.#settings = settings
    exchange.listener = this
    if (target.raw?.onEnd !== undefined) this.#watch(target.raw.onEnd)
  }

  /** Reads the body where it must be whole, and has the call served. */
  begin(): void {
    const { mounted, body, raw } = this.#target
    if (sendsStream(mounted.info) || raw?.streams) this.#dispatch()
    else if (!body) this.onBody(nothing)
    else {
      const { dispatcher, maxBodyBytes: maxBytes, requestTimeoutMs: timeoutMs } = this.#settings
      this.#exchange.readBody({ maxBytes, timeoutMs, clock: dispatcher.clock })
    }
  }

  onBody(body: Uint8Array): void {
    this.#body = body
    this.#dispatch()
  }

  onBodyFailure({ status, error }: BodyFailure): void {
    this.#sendError(error, this.#inbound, status, true)
    // Of a stream of requests that is being read already.
    this.#served?.cancel()
  }

  onGone(): void {
    this.#served?.cancel()
    this.#streaming?.[Symbol.dispose]()
    this.#inbound?.gone()
  }

  /** Whoever does not read what waits for it would not read how it ended either. */
  cut(): void {
    if (this.#writer?.blocked) this.#writer.destroy()
  }

  #dispatch(): void {
    const { dispatcher } = this.#settings
    this.#served = dispatcher.dispatch(this, dispatcher.clock.now())
  }

  inbound(trusted: boolean): Inbound {
    this.#inbound = new HttpInbound(this.#exchange, trusted)
    this.#inbound.receivedBytes = this.#body?.length
    return this.#inbound
  }

  #watch(onEnd: (event: HttpCallEnd) => void): void {
    const { clock } = this.#settings.dispatcher
    const startedAt = clock.now()
    this.#exchange.onDone = ({ complete, ...sent }) => {
      const gone = () => new ServiceError('canceled', 'the caller went before it had the reply')
      const error = this.#error ?? (complete ? undefined : gone())
      const tookMs = clock.now() - startedAt
      onEnd({ ...sent, ctx: this.#context(this.#inbound), code: error?.code ?? 'ok', error, tookMs })
    }
  }

  /** A call that was refused before it was served has a context that says who called, and no more. */
  #context(call: Inbound | undefined): Context {
    const inbound = (call ?? this.inbound(false)) as HttpInbound
    const { clock } = this.#settings.dispatcher
    return inbound.within ?? servedContext(rootContext({ clock }), this.#target.mounted.info, Infinity, inbound)
  }

  decode(ctx: Context): unknown {
    const { mounted, raw, body, joiner } = this.#target
    const { codec, maxBodyBytes } = this.#settings
    if (raw !== undefined) return this.#rawRequest(raw, ctx)
    if (sendsStream(mounted.info)) {
      const bytes = readLines(this.#exchange.openBody(), maxBodyBytes)
      return map(bytes, (line) => {
        this.#inbound?.sizes?.received(line.length)
        return codec.decode(line)
      })
    }
    const { query } = this.#asked
    const given = query === '' ? [] : queryOf(query)
    return body
      ? joiner.join(codec.decode(this.#body ?? nothing), this.#parameters, given)
      : joiner.bodiless(this.#parameters, given)
  }

  #rawRequest({ streams }: RawEndpoint, ctx: Context): HttpRequestMessage {
    const { method, target, headers } = this.#exchange
    const inbound = this.#inbound as HttpInbound
    const whole = (bytes: number) => {
      // For those who come to watch when their endpoint has decoded it.
      inbound.receivedBytes = bytes
      inbound.sizes?.received(bytes)
    }
    const pieces = () => countedBody(this.#exchange.openBody(), whole)
    const stream = streams ? bounded(pieces(), ctx) : (async function* () {})()
    const { codec } = this.#settings
    return new HttpRequestMessage({
      method,
      target,
      ...this.#asked,
      headers,
      parameters: this.#parameters,
      body: this.#body ?? nothing,
      stream,
      codec,
    })
  }

  respond(response: unknown, inbound: Inbound): void {
    const { raw, status = 200 } = this.#target
    if (raw !== undefined) {
      const message = (response ?? {}) as HttpReplyMessage
      const chosen = message.status ?? inbound.replyStatus ?? status
      this.#sendRaw(message, chosen, inbound, false)
      return
    }
    const text = JSON.stringify(response)
    const chosen = inbound.replyStatus ?? (text === undefined && status === 200 ? 204 : status)
    this.#sendText(chosen, jsonType, text === undefined ? '' : `${text}\n`, inbound)
  }

  /** The head waits a little for the first message: a stream that fails at once has the status of its error. */
  stream(responses: AsyncIterable<unknown>, inbound: Inbound): void {
    const stream = new BegunStream(responses)
    const begin = () => {
      if (this.#writer === undefined) this.#startStream(stream, inbound)
    }
    const timer = this.#settings.dispatcher.clock.schedule(headDelayMs, begin)
    stream.first.then(
      () => {
        timer.cancel()
        begin()
      },
      (thrown) => {
        timer.cancel()
        if (this.#writer === undefined) this.#sendError(ServiceError.from(thrown), inbound, undefined, false)
      },
    )
  }

  #startStream(responses: AsyncIterable<unknown>, inbound: Inbound): void {
    const { dispatcher, heartbeatMs, eventId } = this.#settings
    const format = wantsEvents.test(this.headers.get('accept') ?? '') ? events : lines
    const status = inbound.replyStatus ?? this.#target.status ?? 200
    const writer = this.#exchange.start(status, replyHeaders(format.headers, inbound), this.#closes)
    this.#writer = writer
    const trailers = () => trailersOf(inbound)
    const fail = (thrown: unknown) => this.#failed(thrown)
    const { clock } = dispatcher
    const { sizes } = inbound
    void sendReplyStream(responses, writer, { format, clock, heartbeatMs, eventId, sizes, trailers, fail })
  }

  refuse(error: ServiceError, inbound: Inbound | undefined): void {
    this.#sendError(error, inbound, undefined, false)
  }

  #failed(thrown: unknown): ServiceError {
    return (this.#served as ServedCall).fail(thrown)
  }

  get #closes(): boolean {
    return this.#settings.leaving || this.#settings.dispatcher.draining
  }

  #sendText(status: number, type: string, text: string, inbound: Inbound): void {
    const headers = replyHeaders(text === '' ? [] : ['content-type', type], inbound)
    if (inbound.replyTrailers === undefined) {
      this.#exchange.send(status, headers, text, this.#closes, inbound.sizes)
      return
    }
    const writer = this.#exchange.start(status, headers, this.#closes)
    const isTaken = writer.write(text) === true || writer.blocked
    inbound.sizes?.sent(isTaken ? byteLength(text) : 0)
    writer.end(trailersOf(inbound))
  }

  #sendError(error: ServiceError, inbound: Inbound | undefined, status: number | undefined, close: boolean): void {
    const { raw } = this.#target
    this.#error = error
    if (raw?.encodeError !== undefined) {
      try {
        const encoded = raw.encodeError(error, this.#context(inbound))
        const chosen = encoded.status ?? status ?? statuses[error.code].http
        this.#sendRaw(encoded, chosen, inbound, close)
        return
      } catch {
        // What cannot say how it went must not keep the caller from hearing it.
      }
    }
    sendProblem(this.#exchange, problemOf(error, status), inbound, close || this.#closes)
  }

  #sendRaw(message: HttpReplyMessage, status: number, inbound: Inbound | undefined, close: boolean): void {
    const onFailure = (thrown: unknown) => {
      this.#error = ServiceError.from(thrown)
      this.#served?.report(thrown)
    }
    this.#streaming = sendRawReply(this.#exchange, message, {
      status,
      inbound,
      close: close || this.#closes,
      onFailure,
    })
  }
}

/** Sends an error, with what the handler has set beside it. */
export function sendProblem(
  exchange: Exchange,
  { status, text, retryAfter }: Problem,
  inbound: Inbound | undefined,
  close: boolean,
  more: HeaderList = [],
): void {
  const given = retryAfter === undefined ? more : [...more, 'retry-after', retryAfter]
  const headers = replyHeaders(given, inbound, ['content-type', problemType])
  exchange.send(status, headers, text, close, inbound?.sizes)
}
