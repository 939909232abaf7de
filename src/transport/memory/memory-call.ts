// One call on the in-memory wire, with both of its ends: the caller's promise, and what the dispatcher asks of a wire.
import { type CallOptions, callOptions } from '../../core/call-options.ts'
import type { Cancellation, Listener } from '../../core/cancellation.ts'
import type { Clock } from '../../core/clock.ts'
import { type Context, listen } from '../../core/context.ts'
import { bodyOf, ServiceError } from '../../core/errors.ts'
import type { Inbound } from '../../core/inbound.ts'
import type { Metadata } from '../../core/metadata.ts'
import { type MethodInfo, sendsStream } from '../../core/method.ts'
import { map } from '../../core/streams.ts'
import { tell } from '../../core/tell.ts'
import type { Codec } from '../codec.ts'
import type { InboundCall, ServedCall } from '../dispatch.ts'
import { outboundHeaders, outboundTimeoutMs } from '../outbound.ts'
import { sendStream } from './send-stream.ts'

/** What a client needs of a server. */
export interface MemoryPort {
  readonly clock: Clock
  /** How messages are carried; undefined when both ends share them. */
  readonly codec: Codec | undefined
  /** Takes a call at the moment `now` of its clock; undefined when it was refused at once. */
  accept(call: InboundCall, now: number): ServedCall | undefined
}

/** Sends one call and settles with what comes back. Throws when no time is left, or the request cannot be encoded. */
export class MemoryCall implements InboundCall, Listener {
  next: Listener | undefined
  previous: Listener | undefined
  list: Cancellation | undefined
  readonly method: string
  readonly headers: Metadata
  readonly peer: string
  readonly deadlineAt: number | undefined
  readonly #codec: Codec | undefined
  readonly #message: unknown
  readonly #options: CallOptions | undefined
  readonly #resolve: (response: unknown) => void
  readonly #reject: (error: unknown) => void
  readonly #served: ServedCall | undefined
  #settled: boolean

  constructor(
    port: MemoryPort,
    peer: string,
    method: MethodInfo,
    request: unknown,
    ctx: Context,
    resolve: (response: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    const sentAt = ctx.clock.now()
    const timeoutMs = outboundTimeoutMs(ctx, sentAt)
    // The moment at which the other end gets it, by its own clock; with one clock for both it is read once.
    const receivedAt = port.clock === ctx.clock ? sentAt : port.clock.now()
    this.next = undefined
    this.previous = undefined
    this.list = undefined
    this.method = method.fullName
    this.headers = outboundHeaders(ctx)
    this.peer = peer
    this.deadlineAt = timeoutMs === undefined ? undefined : receivedAt + timeoutMs
    this.#codec = port.codec
    this.#message = sendsStream(method) ? this.#sendRequests(request as AsyncIterable<unknown>) : this.#encode(request)
    this.#options = ctx.get(callOptions)
    this.#resolve = resolve
    this.#reject = reject
    this.#settled = false
    this.#served = port.accept(this, receivedAt)
    if (!this.#settled) listen(ctx, this)
  }

  /** The caller calls it off. */
  fire(): void {
    this.#served?.cancel()
  }

  decode(): unknown {
    const codec = this.#codec
    if (codec === undefined) return this.#message
    if (this.#message instanceof Uint8Array) return codec.decode(this.#message)
    return map(this.#message as AsyncIterable<Uint8Array>, (bytes) => codec.decode(bytes))
  }

  respond(response: unknown, inbound: Inbound): void {
    const carried = this.#carry(response)
    this.#settle(inbound)
    this.#resolve(carried)
    this.#sendTrailers(inbound)
  }

  stream(responses: AsyncIterable<unknown>, inbound: Inbound): void {
    this.#settle(inbound)
    const queue = sendStream(responses, {
      encode: (message) => this.#carryOrFail(message),
      failure: (thrown) => this.#rebuilt(ServiceError.from(thrown)),
      onEnd: () => this.#sendTrailers(inbound),
      onReturn: () => this.#served?.leave(),
    })
    this.#resolve(queue)
  }

  refuse(error: ServiceError, inbound: Inbound | undefined): void {
    this.#settle(inbound)
    this.#reject(this.#rebuilt(error))
  }

  #settle(inbound: Inbound | undefined): void {
    this.#settled = true
    this.list?.remove(this)
    inbound?.beginReply()
    if (inbound?.replyHeaders !== undefined) tell(this.#options?.onHeaders, inbound.replyHeaders)
  }

  #sendTrailers({ replyTrailers }: Inbound): void {
    if (replyTrailers !== undefined) tell(this.#options?.onTrailers, replyTrailers)
  }

  #sendRequests(requests: AsyncIterable<unknown>): AsyncIterable<unknown> {
    return sendStream(requests, {
      encode: (message) => this.#encodeOrRefuse(message),
      failure: () => new ServiceError('canceled', 'the caller canceled the call'),
    })
  }

  #encode(request: unknown): unknown {
    if (this.#codec === undefined) return request
    try {
      return this.#codec.encode(request)
    } catch (thrown) {
      throw new ServiceError('invalid_argument', 'the request could not be encoded', { cause: thrown })
    }
  }

  /** A request that cannot be sent ends the call: its handler must not take the ones before it for all. */
  #encodeOrRefuse(request: unknown): unknown {
    try {
      return this.#encode(request)
    } catch (thrown) {
      this.#settle(undefined)
      this.#reject(thrown)
      this.#served?.cancel()
      throw thrown
    }
  }

  /** A response that cannot be sent is a fault of the server, which should hear of it. */
  #carryOrFail(response: unknown): unknown {
    try {
      return this.#carry(response)
    } catch (thrown) {
      this.#served?.fail(thrown)
      throw thrown
    }
  }

  /** There and back: what cannot be encoded is the server's fault, and so is what then cannot be read. */
  #carry(response: unknown): unknown {
    const codec = this.#codec
    if (codec === undefined) return response
    const bytes = codec.encode(response)
    try {
      return codec.decode(bytes)
    } catch (thrown) {
      throw new ServiceError('internal', 'the reply could not be read', { cause: thrown })
    }
  }

  /** An error as the other end knows it: without what stays at home, and without details that do not survive the wire. */
  #rebuilt(error: ServiceError): ServiceError {
    const body = bodyOf(error)
    try {
      return ServiceError.fromJSON(this.#carry(body))
    } catch {
      return ServiceError.fromJSON({ ...body, details: undefined })
    }
  }
}
