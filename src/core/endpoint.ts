// Endpoint and Middleware: the two function types that everything else is made of, and the two ways to combine them.
import type { Context } from './context.ts'
import { type Outcome, outcomeOf, outcomeOfError } from './outcome.ts'
import { isAsyncIterable, observed } from './streams.ts'

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
  /** Once: when a unary response or an error is there, or when a response stream has ended, failed or been left. */
  onEnd(state: State, outcome: Outcome, ctx: Context): void
}

/**
 * Watches an endpoint without changing what it does. A generic middleware cannot see inside `Res`; this holds the one
 * cast, so that policies treat all four kinds alike.
 */
export function tap<Req, Res, State>(next: Endpoint<Req, Res>, watcher: Tap<State>): Endpoint<Req, Res> {
  const { onMessage } = watcher
  return (request, ctx) => {
    const state = watcher.onStart(ctx, request)
    const failed = (thrown: unknown) => watcher.onEnd(state, outcomeOfError(thrown), ctx)
    const ended = (response: Res): Res => {
      if (!isAsyncIterable(response)) {
        watcher.onEnd(state, outcomeOf(response, ctx.method.failed), ctx)
        return response
      }
      return observed(response, {
        onMessage: onMessage && ((message) => onMessage(state, message)),
        onEnd: (thrown) => (thrown === undefined ? watcher.onEnd(state, outcomeOf(undefined), ctx) : failed(thrown)),
      }) as Res
    }
    const rethrow = (thrown: unknown): never => {
      failed(thrown)
      throw thrown
    }
    try {
      return next(request, ctx).then(ended, rethrow)
    } catch (thrown) {
      failed(thrown)
      return Promise.reject(thrown)
    }
  }
}
