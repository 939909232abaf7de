// coalesce: while a call is in flight, others of the same key wait for its answer and are not made themselves.
import type { Context } from '../core/context.ts'
import type { TypedMiddleware } from '../core/endpoint.ts'
import { tell } from '../core/tell.ts'
import { type CallKey, checkedKey, type KeyOf } from './call-key.ts'
import { SharedCalls } from './shared-call.ts'

export type { CallKey, KeyOf } from './call-key.ts'

/** What is shared, and who is told. */
export interface CoalesceOptions<Req> {
  /**
   * What makes two calls the same: a string or a number that holds all that the answer depends on, the tenant or the user too
   * where it does; undefined for a call that goes alone.
   */
  readonly key: KeyOf<Req>
  /** Told of each call that joins one that is in flight. @default nothing */
  readonly onJoin?: ((event: JoinEvent) => void) | undefined
}

/** A call joined one that is in flight. */
export interface JoinEvent {
  readonly ctx: Context
  readonly key: CallKey
  /** How many wait for that call now. */
  readonly waiting: number
}

/** What coalesce is doing now, and has done since it was made. */
export interface CoalesceSnapshot {
  /** Calls in flight that others can join. */
  readonly inFlight: number
  /** Callers that wait for them. */
  readonly waiting: number
  /** Callers that had a call begun. */
  readonly begun: number
  /** Callers that joined one. */
  readonly joined: number
}

/** Has calls of one method share. */
export interface Coalesce<Req, Res> extends TypedMiddleware<Req, Res> {
  /** What it is doing now, as plain data that JSON can carry. */
  snapshot(): CoalesceSnapshot
}

/**
 * Has calls of the same key that overlap share one call. Each caller settles at its own deadline or cancellation; the call goes on
 * while anybody waits, and is called off when the last one has left. It has the values of the caller who began it, but not those of
 * scope `hop`: no headers, no peer and no `reply`, since the answer is not for that caller alone. Its deadline is that caller's;
 * those who have time left when it passes are given another call, together. Response and error are the same object for all.
 *
 * For unary methods, one coalesce each: calls of the three streaming kinds, or of a second method, fail with a TypeError.
 */
export function coalesce<Req, Res>(options: CoalesceOptions<Req>): Coalesce<Req, Res> {
  const { onJoin } = options
  const keyOf = checkedKey('coalesce', options.key)
  const calls = new SharedCalls<Req, Res>()
  let begun = 0
  let joined = 0
  const middleware: TypedMiddleware<Req, Res> = (next) => (request, ctx) => {
    try {
      const key = keyOf(request, ctx)
      if (key === undefined) return next(request, ctx)
      const others = calls.waitingFor(key)
      if (others === 0) begun++
      else {
        joined++
        tell(onJoin, { ctx, key, waiting: others + 1 })
      }
      return calls.join({ key, request, ctx, next })
    } catch (thrown) {
      return Promise.reject(thrown)
    }
  }
  return Object.assign(middleware, {
    snapshot: () => ({ inFlight: calls.inFlight, waiting: calls.waiting, begun, joined }),
  })
}
