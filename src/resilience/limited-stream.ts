// limitedStream: one call with a stream of responses that must not be silent, what a timeout means where there is no single response.
import type { Context } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { IdleGuard, type IdleLimits } from '../core/idle.ts'
import { sendsStream } from '../core/method.ts'
import { closeUnread, guarded, isAsyncIterable, observed, silence } from '../core/streams.ts'
import type { LimitOwner } from './limited-call.ts'

/** What limits a stream. */
export interface StreamLimit {
  /** How long it may take as a whole, where its caller or its method says so; else Infinity. */
  readonly limitMs: number
  readonly limits: IdleLimits | undefined
  readonly owner: LimitOwner
}

/** Calls, and gives a stream that fails when it is silent for too long. A message in either direction is life. */
export function limitedStream<Req, Res>(
  next: Endpoint<Req, Res>,
  request: Req,
  ctx: Context,
  { limitMs, limits, owner }: StreamLimit,
): Promise<Res> {
  const timed = ctx.withDeadline(limitMs === Infinity ? Infinity : ctx.clock.now() + limitMs)
  const own = timed.withCancel()
  const guard = new IdleGuard(ctx.clock, limits, (silentMs) => {
    own.cancel(silence(silentMs))
    owner.timedOut(ctx, silentMs)
  })
  const letGo = () => {
    guard[Symbol.dispose]()
    own[Symbol.dispose]()
    timed[Symbol.dispose]()
  }
  const sent =
    sendsStream(ctx.method) && isAsyncIterable(request)
      ? (observed(request, { onMessage: () => guard.touch(), onEnd() {} }) as Req)
      : request
  return new Promise((resolve, reject) => {
    own.onAbort((cause) => {
      guard[Symbol.dispose]()
      if (timed.aborted && !ctx.aborted) owner.timedOut(ctx, limitMs)
      reject(ServiceError.fromAbort(cause))
    })
    const refuse = (thrown: unknown) => {
      letGo()
      reject(thrown)
    }
    const answer = (response: Res) => {
      if (own.aborted) {
        owner.late(ctx)
        if (isAsyncIterable(response)) closeUnread(response)
      } else if (isAsyncIterable(response)) {
        guard.rest()
        try {
          resolve(observed(guarded(response, own, guard, ServiceError.from), { onEnd: letGo }) as Res)
        } catch (thrown) {
          // A stream that somebody else reads already, say.
          refuse(thrown)
        }
      } else {
        letGo()
        resolve(response)
      }
    }
    if (own.aborted) return
    guard.wait()
    try {
      next(sent, own).then(answer, refuse)
    } catch (thrown) {
      refuse(thrown)
    }
  })
}
