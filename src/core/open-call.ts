// One call that a client has made: it settles once, whatever the wire does, and lets go of all it holds.
import { checkNumber } from '../primitives/check.ts'
import { type CallFailures, callFailures } from './call-failures.ts'
import { type CallOptions, callOptions, checkHeaders } from './call-options.ts'
import type { Cancellation, Listener } from './cancellation.ts'
import type { Clock } from './clock.ts'
import { type CancelableContext, type Context, callContext, isContext, listen } from './context.ts'
import type { Endpoint, Middleware } from './endpoint.ts'
import { callError, markRemote, ServiceError } from './errors.ts'
import type { IdleLimits } from './idle.ts'
import { type Kind, longestUnaryMs, type MethodInfo } from './method.ts'
import type { Pipeline } from './pipeline.ts'
import { type Loose, type Schema, validate } from './schema.ts'
import { tell } from './tell.ts'

/** What every client may be told, whatever its wire. */
export interface ClientOptions {
  /** For calls that are given no context. @default systemClock */
  readonly clock?: Clock | undefined
  /** Around every call; the first is outermost. @default none */
  readonly use?: readonly Middleware[] | undefined
  /** Policies around every call and every attempt, within `use`: `clientPipeline()` has those that every client should have. @default none */
  readonly pipeline?: Pipeline | undefined
  /** How long a stream may be silent while it is read. */
  readonly streamLimits?: IdleLimits | undefined
  /** A response came after its call had ended, and was dropped. */
  readonly onLateReply?: ((event: { readonly method: MethodInfo }) => void) | undefined
}

/** What the calls of one method have in common. */
export interface Line {
  readonly info: MethodInfo
  /** Of the reply; undefined when nothing is validated. */
  readonly output: Schema | undefined
  readonly send: Endpoint<Loose, unknown>
  /** Cancelling it calls off every call. */
  readonly root: CancelableContext
  readonly wire: ClientOptions
}

/** How long a unary call takes at most when nobody says otherwise. */
const defaultTimeoutMs = 5_000

type Settle = (value: unknown) => void

/** One call from its beginning to its end. It is its own listener, so that waiting costs no object. */
export class OpenCall implements Listener, CallFailures {
  next: Listener | undefined
  previous: Listener | undefined
  list: Cancellation | undefined
  readonly line: Line
  /** Owned by the call; ends with it. */
  readonly ctx: CancelableContext
  /** Whether the caller still waits for a response. */
  waiting: boolean
  /** What else must be let go of when the caller's waiting is over without a stream to read. What listens to `ctx` hears of an abort by itself. */
  onRefused: ((aborted: boolean) => void) | undefined
  readonly #options: CallOptions | undefined
  readonly #resolve: Settle
  readonly #reject: Settle
  readonly #closing: Disposable | undefined
  readonly #onSignal: (() => void) | undefined
  #failures: ServiceError[] | undefined

  /** Throws a TypeError or RangeError when an option is out of range. */
  constructor(line: Line, given: Context | CallOptions | undefined, resolve: Settle, reject: Settle) {
    const options = isContext(given) ? undefined : (given ?? undefined)
    const parent = isContext(given) ? given : (options?.ctx ?? line.root)
    if (!isContext(parent) || (options !== undefined && 'onAbort' in options)) {
      throw new TypeError('a context must come from rootContext() or a handler')
    }
    if (options?.signal !== undefined && !(options.signal instanceof AbortSignal)) {
      throw new TypeError('signal must be an AbortSignal')
    }
    const ctx = callContext(parent, line.info, deadlineOf(line, parent, options))
    this.next = undefined
    this.previous = undefined
    this.list = undefined
    this.line = line
    this.ctx = ctx
    this.waiting = true
    this.onRefused = undefined
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
    this.#closing = parent === line.root ? undefined : line.root.onAbort((cause) => ctx.cancel(cause))
    this.#failures = undefined
    this.#onSignal = options?.signal && followSignal(ctx, options.signal)
    listen(ctx, this)
  }

  /** Passes the request on, unless the call is over already. */
  send(request: unknown): Promise<unknown> {
    const given = this.#options === undefined ? this.ctx : this.ctx.with(callOptions, this.#options)
    const ctx = this.line.wire.pipeline === undefined ? given : given.with(callFailures, this)
    try {
      const response: unknown = this.line.send(request, ctx)
      if (response instanceof Promise) return response
      throw new TypeError('a middleware or a wire gave no promise')
    } catch (thrown) {
      return Promise.reject(thrown)
    }
  }

  /** The call was called off, or its deadline has passed. */
  fire(cause: unknown): void {
    this.end()
    if (this.waiting) this.#refuse(this.abortError(cause), true)
  }

  /** A single response is there. */
  respond(response: unknown): void {
    const { output } = this.line
    if (!this.waiting) {
      this.late()
      return
    }
    try {
      const valid = output === undefined ? response : validate(output, response, 'reply')
      // The call goes on while its reply is checked: that may take longer than the caller waits.
      if (valid instanceof Promise)
        valid.then(
          (late) => this.#accept(late),
          (thrown) => this.refuse(thrown),
        )
      else this.#accept(valid)
    } catch (thrown) {
      this.refuse(thrown)
    }
  }

  /** A stream of responses has begun; the call goes on until it has ended. */
  respondStream(responses: AsyncIterable<unknown>): void {
    this.waiting = false
    this.#resolve(responses)
  }

  /** The call has failed. */
  refuse(thrown: unknown): void {
    if (!this.waiting) return
    this.end()
    const error = ServiceError.from(thrown)
    // A policy's limit on the whole call cuts its attempts short too, and knows nothing of them.
    const isCut = error.code === 'deadline_exceeded' && error.retry !== 'never'
    this.#refuse((isCut ? this.#afterFailures(error) : undefined) ?? this.failure(thrown), false)
  }

  /** A response came that nobody waits for. */
  late(): void {
    tell(this.line.wire.onLateReply, { method: this.line.info })
  }

  /** What the caller is told of an error that came out of this call. */
  failure(thrown: unknown): ServiceError {
    return markRemote(ServiceError.from(thrown), this.line.info.fullName)
  }

  noteFailure(error: ServiceError): void {
    this.#failures ??= []
    this.#failures.push(error)
  }

  /** What the caller is told of an abort: a deadline says of which call it was, the will of the caller is passed on as it is. */
  abortError(cause: unknown): ServiceError {
    const error = ServiceError.fromAbort(cause)
    if (error.code !== 'deadline_exceeded') return error
    return this.#afterFailures(error) ?? callError(this.line.info.fullName, error.code, error.message, { cause })
  }

  /** Lets go of timer and listeners. */
  end(): void {
    this.ctx[Symbol.dispose]()
    this.#closing?.[Symbol.dispose]()
    if (this.#onSignal !== undefined) this.#options?.signal?.removeEventListener('abort', this.#onSignal)
  }

  /** What the caller is told of a time limit that came when attempts had failed; undefined when none has. */
  #afterFailures(error: ServiceError): ServiceError | undefined {
    const failures = this.#failures
    if (failures === undefined) return undefined
    // As when there are no more attempts: layers above must not repeat what was repeated here.
    const all = new AggregateError([...failures, error], `${failures.length} attempts failed before the deadline`)
    const text = `${error.message} (${failures.length} attempt${failures.length === 1 ? '' : 's'} failed before)`
    return callError(this.line.info.fullName, error.code, text, { retry: 'never', cause: all })
  }

  #accept(value: unknown): void {
    if (!this.waiting) return
    this.end()
    this.waiting = false
    this.#resolve(value)
  }

  #refuse(error: ServiceError, aborted: boolean): void {
    this.waiting = false
    this.onRefused?.(aborted)
    this.#reject(error)
  }
}

/** Runs a call with one request and one response. */
export function startUnary(call: OpenCall, request: unknown): void {
  if (!call.waiting) return
  call.send(request).then(
    (response) => call.respond(response),
    (thrown) => call.refuse(thrown),
  )
}

function deadlineOf({ info, wire }: Line, parent: Context, options: CallOptions | undefined): number {
  const { kind, timeoutMs, fullName } = info
  if (options?.headers !== undefined) checkHeaders(options.headers)
  const askedMs = options?.timeoutMs
  if (askedMs !== undefined) checkTimeout(askedMs, kind, fullName)
  const ownMs = askedMs ?? timeoutMs
  const limitMs =
    ownMs ??
    (kind === 'unary' && parent.deadlineAt === Infinity ? (wire.pipeline?.timeoutMs ?? defaultTimeoutMs) : Infinity)
  return limitMs === Infinity ? Infinity : parent.clock.now() + limitMs
}

function checkTimeout(timeoutMs: number, kind: Kind, fullName: string): void {
  const max = kind === 'unary' ? longestUnaryMs : Infinity
  // Looked at before the name is put together.
  if (typeof timeoutMs === 'number' && timeoutMs >= 0 && timeoutMs <= max) return
  checkNumber(`${fullName}: timeoutMs`, timeoutMs, { min: 0, max })
}

function followSignal(ctx: CancelableContext, signal: AbortSignal): () => void {
  const follow = () => ctx.cancel(signal.reason)
  if (signal.aborted) follow()
  else signal.addEventListener('abort', follow, { once: true })
  return follow
}
