// A call with a stream of requests, of responses, or both: what it does beyond a unary one.
import type { CancelableContext, Context } from './context.ts'
import { callError, ServiceError } from './errors.ts'
import { IdleGuard } from './idle.ts'
import { sendsStream } from './method.ts'
import type { OpenCall } from './open-call.ts'
import { validate } from './schema.ts'
import { bounded, closeQuietly, closeUnread, guarded, isAsyncIterable, map, observed, silence } from './streams.ts'

/** Runs a call with at least one stream. A peer that is silent for too long ends it; messages in either direction are life. */
export function startStream(call: OpenCall, request: unknown): void {
  const { ctx, line } = call
  const { info, wire } = line
  if (!call.waiting) {
    if (sendsStream(info) && isAsyncIterable(request)) closeUnread(request)
    return
  }
  if (sendsStream(info) && !isAsyncIterable(request)) {
    call.refuse(callError(info.fullName, 'invalid_argument', 'takes a stream: an async iterable of requests'))
    return
  }
  const guard = new IdleGuard(ctx.clock, info.streamLimits ?? wire.streamLimits, (limitMs) =>
    ctx.cancel(silence(limitMs)),
  )
  let requests: AsyncIterableIterator<unknown> | undefined
  try {
    if (sendsStream(info)) requests = requestStream(request as AsyncIterable<unknown>, ctx, guard)
  } catch (thrown) {
    call.refuse(requestsFailed(ctx, thrown))
    return
  }
  const letGo = () => {
    guard[Symbol.dispose]()
    if (requests !== undefined) closeQuietly(requests)
  }
  // Of an abort the stream of requests tells its reader; closed here it would seem complete.
  call.onRefused = (aborted) => (aborted ? guard[Symbol.dispose]() : letGo())
  guard.wait()
  call.send(requests ?? request).then(
    (response) => {
      if (!call.waiting) {
        if (isAsyncIterable(response)) closeUnread(response)
        call.late()
      } else if (info.kind === 'clientStream') {
        letGo()
        call.respond(response)
      } else if (!isAsyncIterable(response)) {
        call.refuse(new ServiceError('internal', 'the reply is not a stream'))
      } else {
        guard.rest()
        try {
          call.respondStream(responseStream(call, response, guard, letGo))
        } catch (thrown) {
          call.refuse(thrown)
        }
      }
    },
    (thrown) => call.refuse(thrown),
  )
}

/** What the wire reads of the caller's messages: it ends with the call, and the call ends when it fails. */
function requestStream(
  source: AsyncIterable<unknown>,
  ctx: CancelableContext,
  guard: IdleGuard,
): AsyncIterableIterator<unknown> {
  const watched = observed(source, {
    onMessage: () => guard.touch(),
    onEnd: (thrown) => {
      if (thrown !== undefined) ctx.cancel(requestsFailed(ctx, thrown))
    },
  })
  return bounded(watched, ctx)
}

function requestsFailed({ method }: Context, thrown: unknown): ServiceError {
  return callError(method.fullName, 'canceled', 'the stream of requests failed', { cause: thrown })
}

/** What the caller reads: validated, and the end of the call when it ends. */
function responseStream(
  call: OpenCall,
  responses: AsyncIterable<unknown>,
  guard: IdleGuard,
  letGo: () => void,
): AsyncIterableIterator<unknown> {
  const { output } = call.line
  const valid = output === undefined ? responses : map(responses, (message) => validate(output, message, 'reply'))
  return observed(
    guarded(valid, call.ctx, guard, (thrown) => call.failure(thrown)),
    {
      onEnd: () => {
        letGo()
        call.end()
      },
    },
  )
}
