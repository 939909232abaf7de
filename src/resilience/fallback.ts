// fallback: another answer where a call has failed.
import type { Context } from '../core/context.ts'
import type { TypedMiddleware } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { returnsStream } from '../core/method.ts'
import { classify, outcomeOfError } from '../core/outcome.ts'
import { isAsyncIterable } from '../core/streams.ts'
import { tell } from '../core/tell.ts'
import { ReplaceableStream } from './replaceable-stream.ts'

/** What is answered, and when. */
export interface FallbackOptions<Req, Res> {
  /** Gives the answer; what it throws is what the caller gets. It has what is left of the caller's time. */
  readonly to: (error: ServiceError, request: Req, ctx: Context) => Res | Promise<Res>
  /** Which errors are answered so. @default failures and refusals: not the caller's own mistakes */
  readonly when?: ((error: ServiceError, ctx: Context) => boolean) | undefined
  /** Told of each call that has failed, before `to` is asked. @default nothing */
  readonly onFallback?: ((event: FallbackEvent) => void) | undefined
}

/** A call has failed, and gets another answer. */
export interface FallbackEvent {
  readonly ctx: Context
  readonly error: ServiceError
}

/** What a fallback has done since it was made. */
export interface FallbackSnapshot {
  /** Calls for which `to` was asked. */
  readonly asked: number
  /** Of these, those for which it threw. */
  readonly failed: number
}

/** Answers in place of calls that failed. */
export interface Fallback<Req, Res> extends TypedMiddleware<Req, Res> {
  /** What it has done, as plain data that JSON can carry. */
  snapshot(): FallbackSnapshot
}

/**
 * Gives another answer where a call fails; a caller that has left, or has no time left, gets the error. A response that carries a
 * business failure is a response.
 *
 * For all four kinds of methods: where the response is a stream, `to` gives a whole stream, and only while the failed one has not
 * given its first message; after that its error is passed on. A stream of requests may have been read in part when `to` gets it.
 */
// NoInfer: the response is what the method says. An answer that is more special than that is no reason to think otherwise.
export function fallback<Req, Res>(options: FallbackOptions<Req, NoInfer<Res>>): Fallback<Req, Res> {
  const { to, when = isFailure, onFallback } = options
  if (typeof to !== 'function') throw new TypeError(`to must be a function, but is ${typeof to}`)
  if (typeof when !== 'function') throw new TypeError(`when must be a function, but is ${typeof when}`)
  let asked = 0
  let failed = 0
  const replace = async (thrown: unknown, request: Req, ctx: Context): Promise<Res> => {
    const error = ServiceError.from(thrown)
    if (ctx.aborted || !when(error, ctx)) throw thrown
    asked++
    tell(onFallback, { ctx, error })
    try {
      return await to(error, request, ctx)
    } catch (thrownInstead) {
      failed++
      throw thrownInstead
    }
  }
  const middleware: TypedMiddleware<Req, Res> = (next) => (request, ctx) => {
    const instead = (thrown: unknown) => replace(thrown, request, ctx)
    try {
      const answer = next(request, ctx)
      return returnsStream(ctx.method)
        ? answer.then((response) => replaceable(response, instead), instead)
        : answer.then(undefined, instead)
    } catch (thrown) {
      return instead(thrown)
    }
  }
  return Object.assign(middleware, { snapshot: () => ({ asked, failed }) })
}

/** Failures of who answered, and limits that were reached: of these a limiter's refusal is one. */
function isFailure(error: ServiceError): boolean {
  return error.code === 'resource_exhausted' || classify(outcomeOfError(error)) === 'failure'
}

function replaceable<Res>(response: Res, instead: (thrown: unknown) => Promise<Res>): Res {
  if (!isAsyncIterable(response)) return response
  let isReplaced = false
  const replace = async (thrown: unknown) => {
    // The other stream has no other one.
    if (isReplaced) throw thrown
    isReplaced = true
    return (await instead(thrown)) as AsyncIterable<unknown>
  }
  return new ReplaceableStream(response, { replace }) as Res
}
