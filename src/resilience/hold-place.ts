// holdPlace: a call holds a place until it has really settled; apart, since every policy that counts calls in flight means the same by that.
import type { Context } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import { isAsyncIterable, observed } from '../core/streams.ts'

/** Runs a call and gives its place back once. */
export type RunInPlace = <Req, Res>(next: Endpoint<Req, Res>, request: Req, ctx: Context) => Promise<Res>

/**
 * Makes what runs calls, each of which has got a place before. The place is given back when the endpoint has settled, not when
 * its caller gives up: a handler that ignores its abort still uses what is protected. A stream of responses keeps the place
 * until it has ended, has failed, or was left by its reader.
 */
export function holdPlace(giveBack: () => void): RunInPlace {
  const fail = (thrown: unknown): never => {
    giveBack()
    throw thrown
  }
  const answer = <Res>(response: Res): Res => {
    if (isAsyncIterable(response)) return held(response) as Res
    giveBack()
    return response
  }
  const held = (stream: AsyncIterable<unknown>): AsyncIterable<unknown> => {
    try {
      return observed(stream, { onEnd: () => giveBack() })
    } catch (thrown) {
      return fail(thrown)
    }
  }
  return (next, request, ctx) => {
    try {
      return next(request, ctx).then(answer, fail)
    } catch (thrown) {
      giveBack()
      return Promise.reject(thrown)
    }
  }
}
