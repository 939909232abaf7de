// One call while it is being served: it settles once, by its deadline at the latest, and lets go of all it holds.
import type { Cancellation, Listener } from '../core/cancellation.ts'
import { type CancelableContext, type Context, listen, servedContext } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import { originalOf, ServiceError } from '../core/errors.ts'
import { IdleGuard, type IdleLimits } from '../core/idle.ts'
import { Inbound } from '../core/inbound.ts'
import type { Metadata } from '../core/metadata.ts'
import { type MethodInfo, returnsStream, sendsStream } from '../core/method.ts'
import type { Loose, Schema } from '../core/schema.ts'
import { bounded, closeQuietly, closeUnread, silence } from '../core/streams.ts'
import type { CallStage } from './hooks.ts'
import { ofThisServer } from './of-this-server.ts'

/** A path of a method; those of a contract fit. */
export interface MountedRoute {
  /** A verb of HTTP, or `*` for all. */
  readonly method: string
  /** Begins with a slash. A segment like `:id` is a parameter; a last segment `*` stands for any rest. */
  readonly path: string
  /** Of a good reply. @default 200 */
  readonly status?: number | undefined
  /** Whether the input is read from the body. @default true but for GET and DELETE */
  readonly body?: boolean | undefined
}

/** An endpoint where a server finds it. */
export interface Mounted {
  readonly info: MethodInfo
  readonly endpoint: Endpoint<Loose, unknown>
  /** Where wires that have paths find it. @default a path made of its name */
  readonly routes?: readonly MountedRoute[] | undefined
  /** Of one request message, for wires whose parameters are text. @default they stay text */
  readonly input?: Schema | undefined
}

/** One call as a wire hands it over. Exactly one of `respond`, `stream` and `refuse` is called, once. */
export interface InboundCall {
  /** `service/name`. */
  readonly method: string
  readonly headers: Metadata
  readonly peer: string
  /** The caller's deadline as a moment of the server's clock, counted from when the call came in; undefined when it named none. */
  readonly deadlineAt: number | undefined
  /** The call as its handler will see it, for wires that know more of it. @default what `headers` and `peer` say */
  inbound?(trusted: boolean): Inbound
  /** Called once there is time to run the call: the message or the stream of messages, or a promise of it. Whatever it throws is the caller's error. */
  decode(ctx: Context): unknown
  /** A good response. When this throws (it could not be encoded), nothing must have been sent, and `refuse` follows. */
  respond(response: unknown, inbound: Inbound): void
  /** A stream of responses has begun. It must be read or closed; what it throws is ready to be sent. */
  stream(responses: AsyncIterable<unknown>, inbound: Inbound): void
  /** A stream that has begun was cut off. It fails by itself when it is read: this is for a reader that does not read. @default nothing */
  cut?(): void
  /** How the call failed. The error is ready to be sent: nothing in it must stay at home but `cause` and `stack`. */
  refuse(error: ServiceError, inbound: Inbound | undefined): void
}

// Ours is counted from when the request came in, so the caller's comes first by the time that it took on its way, and its clock
// and ours are a tick off.
const deadlineSlackMs = 20

/** What a call tells the dispatcher that serves it. */
export interface CallKeeper {
  readonly trustMetadata: boolean
  readonly streamLimits: IdleLimits | undefined
  ended(): void
  failed(ctx: Context, stage: CallStage, error: ServiceError, thrown: unknown): void
  late(method: MethodInfo): void
}

/** Runs one call. The dispatcher makes it, the wire may cancel it. */
export class ServedCall implements Listener {
  next: Listener | undefined = undefined
  previous: Listener | undefined = undefined
  list: Cancellation | undefined = undefined
  readonly #mounted: Mounted
  readonly #call: InboundCall
  readonly #keeper: CallKeeper
  readonly #inbound: Inbound
  readonly #ctx: CancelableContext
  /** What the handler reads, and what watches the reader of its responses: they end with the call. */
  #requests: AsyncIterableIterator<unknown> | undefined = undefined
  #stalling: Disposable | undefined = undefined
  #state: 'running' | 'streaming' | 'over' = 'running'
  #stage: CallStage = 'request'

  constructor(mounted: Mounted, call: InboundCall, parent: Context, deadlineAt: number, keeper: CallKeeper) {
    this.#mounted = mounted
    this.#call = call
    this.#keeper = keeper
    const trusted = keeper.trustMetadata
    this.#inbound = call.inbound?.(trusted) ?? new Inbound(call.headers, call.peer, trusted)
    this.#ctx = servedContext(parent, mounted.info, deadlineAt, this.#inbound)
  }

  run(): void {
    listen(this.#ctx, this)
    if (this.#state === 'over') return
    this.#start().then(
      (response) => this.#answer(response),
      (thrown) => {
        if (this.#state === 'running') this.#call.refuse(this.fail(thrown), this.#inbound)
      },
    )
  }

  /** The caller has called it off, or has gone. */
  cancel(): void {
    if (this.#state !== 'over') this.#callOff('the caller canceled the call')
  }

  /** Ends the call if it has not ended. */
  end(): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#letGo()
  }

  /** The reader of the responses has left: that is no failure, but what the handler still does for it is called off. */
  leave(): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#callOff('the caller left the stream')
    this.#letGo()
  }

  /** Ends the call with an error and gives what may be sent of it. */
  fail(thrown: unknown): ServiceError {
    const error = ServiceError.from(thrown)
    if (this.#state !== 'over') {
      this.end()
      this.#keeper.failed(this.#ctx, this.#stage, error, originalOf(thrown))
    }
    return ofThisServer(error, this.#inbound)
  }

  /** Something went wrong after the call had ended: those who watch hear of it. */
  report(thrown: unknown): void {
    this.#keeper.failed(this.#ctx, 'reply', ServiceError.from(thrown), originalOf(thrown))
  }

  /** The caller's timer and ours are for one moment; whichever comes first, the handler should see a deadline. */
  #callOff(why: string): void {
    const ctx = this.#ctx
    if (ctx.aborted) ctx.cancel(ctx.cause)
    else if (ctx.remainingMs() <= deadlineSlackMs)
      ctx.cancel(new ServiceError('deadline_exceeded', 'the deadline passed'))
    else ctx.cancel(new ServiceError('canceled', why))
  }

  #start(): Promise<unknown> {
    try {
      const decoded = this.#call.decode(this.#ctx)
      return decoded instanceof Promise
        ? decoded.then((message) => this.#handle(message), unreadable)
        : this.#handle(decoded)
    } catch (thrown) {
      return unreadable(thrown)
    }
  }

  #handle(message: unknown): Promise<unknown> {
    const { info, endpoint } = this.#mounted
    // Called off while it was being decoded: its caller has an answer, and nothing is left to run.
    if (this.#state === 'over') return Promise.reject(this.#ctx.cause)
    let request = message
    if (sendsStream(info)) {
      // Of two streams either may be silent while the other flows; the caller watches both.
      const limits = info.kind === 'clientStream' ? (info.streamLimits ?? this.#keeper.streamLimits ?? {}) : undefined
      try {
        request = this.#requests = bounded(message as AsyncIterable<unknown>, this.#ctx, limits)
      } catch (thrown) {
        return unreadable(thrown)
      }
    }
    this.#stage = 'method'
    try {
      const response: unknown = endpoint(request, this.#ctx)
      if (response instanceof Promise) return response
      throw new TypeError(`the endpoint of ${info.fullName} gave no promise: endpoints() makes endpoints of handlers`)
    } catch (thrown) {
      return Promise.reject(thrown)
    }
  }

  #answer(response: unknown): void {
    const { info } = this.#mounted
    const ctx = this.#ctx
    // The timer may be a tick late, and later still when the handler kept the event loop busy.
    if (this.#state === 'running' && ctx.deadlineAt !== Infinity && ctx.clock.now() >= ctx.deadlineAt) {
      ctx.cancel(ctx.cause)
    }
    if (this.#state === 'over') {
      this.#keeper.late(info)
      if (returnsStream(info)) closeUnread(response as AsyncIterable<unknown>)
      return
    }
    try {
      if (returnsStream(info)) {
        this.#stream(response as AsyncIterable<unknown>)
      } else {
        this.#stage = 'reply'
        this.#call.respond(response, this.#inbound)
        this.end()
      }
    } catch (thrown) {
      this.#call.refuse(this.fail(thrown), this.#inbound)
      if (returnsStream(info)) closeUnread(response as AsyncIterable<unknown>)
    }
  }

  #stream(responses: AsyncIterable<unknown>): void {
    const ctx = this.#ctx
    const stream = bounded(responses, ctx)
    const guard = new IdleGuard(ctx.clock, this.#mounted.info.streamLimits ?? this.#keeper.streamLimits, (limitMs) =>
      ctx.cancel(silence(limitMs)),
    )
    this.#state = 'streaming'
    this.#stalling = guard
    this.#call.stream(new ResponseStream(stream, this, guard), this.#inbound)
  }

  #letGo(): void {
    this.#ctx[Symbol.dispose]()
    this.#stalling?.[Symbol.dispose]()
    if (this.#requests !== undefined) closeQuietly(this.#requests)
    this.#keeper.ended()
  }

  /** A deadline says of which call it was, in the words of the caller's own end. */
  #abortError(cause: unknown): ServiceError {
    const error = ServiceError.fromAbort(cause)
    if (error.code !== 'deadline_exceeded') return error
    return new ServiceError(error.code, `${this.#mounted.info.fullName}: ${error.message}`, { cause: error })
  }

  /** The call was called off, or its deadline has passed. */
  fire(cause: unknown): void {
    const error = this.#abortError(cause)
    const running = this.#state === 'running'
    // They hear of it by themselves, as a failure; closed here they would seem complete.
    this.#requests = undefined
    const sendable = this.fail(error)
    if (running) this.#call.refuse(sendable, this.#inbound)
    else this.#call.cut?.()
  }
}

/** What a wire reads of a response stream. The guard watches the reader: one that stops reading must not hold the call for ever. */
class ResponseStream implements AsyncIterableIterator<unknown> {
  readonly #stream: AsyncIterableIterator<unknown>
  readonly #call: ServedCall
  readonly #guard: IdleGuard

  constructor(stream: AsyncIterableIterator<unknown>, call: ServedCall, guard: IdleGuard) {
    this.#stream = stream
    this.#call = call
    this.#guard = guard
    guard.wait()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<unknown>> {
    this.#guard.arrived()
    return this.#stream.next().then(
      (result) => {
        if (result.done) this.#call.end()
        else this.#guard.wait()
        return result
      },
      (thrown) => {
        throw this.#call.fail(thrown)
      },
    )
  }

  return(): Promise<IteratorResult<unknown>> {
    closeQuietly(this.#stream)
    this.#call.leave()
    return Promise.resolve({ done: true, value: undefined })
  }
}

function unreadable(thrown: unknown): Promise<never> {
  const text = 'the request could not be read'
  const error = thrown instanceof ServiceError ? thrown : new ServiceError('invalid_argument', text, { cause: thrown })
  return Promise.reject(error)
}
