// Endpoint and Middleware: the two function types that everything else is made of, and the two ways to combine them.
import type { Cancellation, Listener } from './cancellation.ts'
import { type Context, listen } from './context.ts'
import { ServiceError } from './errors.ts'
import { type Outcome, outcomeOf, outcomeOfError } from './outcome.ts'
import { isAsyncIterable, observed } from './streams.ts'
import { surface, tell } from './tell.ts'

/**
 * One method of one service: a request in, a response out. Streams are type arguments: a stream of requests is an
 * `AsyncIterable` as `Req`, and for a stream of responses the promise is the headers and the iterable the messages.
 */
export type Endpoint<in Req, out Res> = (request: Req, ctx: Context) => Promise<Res>

/** Wraps any endpoint. Being generic it can pass on, delay, repeat or refuse; it cannot invent a response. */
export type Middleware = <Req, Res>(next: Endpoint<Req, Res>) => Endpoint<Req, Res>

/** Wraps endpoints of one shape: caches, fallbacks, whatever makes a response. */
export type TypedMiddleware<Req, Res> = (next: Endpoint<Req, Res>) => Endpoint<Req, Res>

/** Makes one middleware of several; the first is outermost. None at all passes everything on. */
export function chain(...layers: readonly Middleware[]): Middleware {
  return (next) => layers.reduceRight((inner, layer) => layer(inner), next)
}

/** What a tap sees of one call. `State` is whatever `onStart` returns: a start time, a span. */
export interface Tap<State> {
  onStart(ctx: Context, request: unknown): State
  /** Once for each message of a response stream. */
  onMessage?: ((state: State, message: unknown, ctx: Context) => void) | undefined
  /** Once: when a unary response or an error is there, or when a response stream has ended, failed, been called off, or been left by its reader. */
  onEnd(state: State, outcome: Outcome, ctx: Context): void
}

/**
 * Watches an endpoint without changing what it does: what the watcher throws surfaces as an uncaught error. A call that is
 * called off, or whose deadline passes, has ended for the watcher too, whether or not the endpoint ever answers. A generic
 * middleware cannot see inside `Res`; this holds the one cast, so that policies treat all four kinds alike.
 */
export function tap<Req, Res, State>(next: Endpoint<Req, Res>, watcher: Tap<State>): Endpoint<Req, Res> {
  return (request, ctx) => {
    const call = new TappedCall<State>(watcher, ctx, watcher.onStart(ctx, request))
    listen(ctx, call)
    try {
      return next(request, ctx).then(
        (response) => call.answer(response),
        (thrown) => call.fail(thrown),
      )
    } catch (thrown) {
      call.end(outcomeOfError(thrown))
      return Promise.reject(thrown)
    }
  }
}

/** One call that is being watched. */
class TappedCall<State> implements Listener {
  next: Listener | undefined = undefined
  previous: Listener | undefined = undefined
  list: Cancellation | undefined = undefined
  readonly #watcher: Tap<State>
  readonly #ctx: Context
  readonly #state: State
  #open = true

  constructor(watcher: Tap<State>, ctx: Context, state: State) {
    this.#watcher = watcher
    this.#ctx = ctx
    this.#state = state
  }

  /** The call was called off, or its deadline has passed. */
  fire(cause: unknown): void {
    this.end(outcomeOfError(ServiceError.fromAbort(cause)))
  }

  answer<Res>(response: Res): Res {
    const ctx = this.#ctx
    if (!isAsyncIterable(response)) {
      // The deadline may have passed while the handler kept the event loop busy; then its caller has no response.
      this.end(ctx.aborted ? outcomeOfError(ServiceError.fromAbort(ctx.cause)) : outcomeOf(response, ctx.method.failed))
      return response
    }
    const watcher = this.#watcher
    return observed(response, {
      onMessage:
        watcher.onMessage &&
        ((message) => tell((seen: unknown) => watcher.onMessage?.(this.#state, seen, ctx), message)),
      onEnd: (thrown) => this.end(thrown === undefined ? outcomeOf(undefined) : outcomeOfError(thrown)),
    }) as Res
  }

  fail(thrown: unknown): never {
    this.end(outcomeOfError(thrown))
    throw thrown
  }

  end(outcome: Outcome): void {
    if (!this.#open) return
    this.#open = false
    this.list?.remove(this)
    try {
      this.#watcher.onEnd(this.#state, outcome, this.#ctx)
    } catch (thrown) {
      surface(thrown)
    }
  }
}
