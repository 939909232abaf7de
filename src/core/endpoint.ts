// Endpoint and Middleware: the two function types that everything else is made of, and the two ways to combine them.
import type { Context } from './context.ts'
import { ServiceError } from './errors.ts'
import { type Outcome, outcomeOf, outcomeOfError } from './outcome.ts'
import { isAsyncIterable, observed } from './streams.ts'
import { tell } from './tell.ts'

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
  onMessage?: ((state: State, message: unknown) => void) | undefined
  /** Once: when a unary response or an error is there, or when a response stream has ended, failed, been called off, or been left by its reader. */
  onEnd(state: State, outcome: Outcome, ctx: Context): void
}

/**
 * Watches an endpoint without changing what it does: what the watcher throws surfaces as an uncaught error. A call that is
 * called off, or whose deadline passes, has ended for the watcher too, whether or not the endpoint ever answers. A generic
 * middleware cannot see inside `Res`; this holds the one cast, so that policies treat all four kinds alike.
 */
export function tap<Req, Res, State>(next: Endpoint<Req, Res>, watcher: Tap<State>): Endpoint<Req, Res> {
  const { onMessage } = watcher
  return (request, ctx) => {
    const state = watcher.onStart(ctx, request)
    let open = true
    let aborting: Disposable | undefined
    const end = (outcome: Outcome) => {
      if (!open) return
      open = false
      aborting?.[Symbol.dispose]()
      tell((ended: Outcome) => watcher.onEnd(state, ended, ctx), outcome)
    }
    const ended = (response: Res): Res => {
      if (!isAsyncIterable(response)) {
        // The deadline may have passed while the handler kept the event loop busy; then its caller has no response.
        end(ctx.aborted ? outcomeOfError(ServiceError.fromAbort(ctx.cause)) : outcomeOf(response, ctx.method.failed))
        return response
      }
      return observed(response, {
        onMessage: onMessage && ((message) => tell((seen: unknown) => onMessage(state, seen), message)),
        onEnd: (thrown) => end(thrown === undefined ? outcomeOf(undefined) : outcomeOfError(thrown)),
      }) as Res
    }
    const failed = (thrown: unknown): never => {
      end(outcomeOfError(thrown))
      throw thrown
    }
    aborting = ctx.onAbort((cause) => end(outcomeOfError(ServiceError.fromAbort(cause))))
    try {
      return next(request, ctx).then(ended, failed)
    } catch (thrown) {
      end(outcomeOfError(thrown))
      return Promise.reject(thrown)
    }
  }
}
