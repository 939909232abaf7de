// cockatiel: a policy of the package `cockatiel` as our middleware.
import type { Context } from '../../core/context.ts'
import type { Endpoint } from '../../core/endpoint.ts'
import { ServiceError } from '../../core/errors.ts'
import { attempt as attemptKey } from '../../core/inbound.ts'
import { tell } from '../../core/tell.ts'
import type { Policy } from '../policy.ts'
import { refusal } from '../refusal.ts'
import { untilOver } from '../until-over.ts'
import { WrappedRun } from '../wrapped-run.ts'
import { cockatielError } from './cockatiel-error.ts'
import type {
  CockatielContext,
  CockatielLayer,
  CockatielOptions,
  CockatielPolicy,
  CockatielSnapshot,
} from './cockatiel-policy.ts'
import { noteCall } from './worth-retrying.ts'

export type * from './cockatiel-policy.ts'

/**
 * Runs every call in the policy: one of its own, or several that are wrapped. Each run has a context of its own, which is called off when
 * the policy aborts the run's signal, as a timeout does; the policy's signal is that of the call. A call ends when its context does, whatever
 * the policy waits for, and does not begin after that. Open and isolated circuits are `unavailable`, full bulkheads
 * `resource_exhausted`, both safe to retry; its timeouts `deadline_exceeded`. With a fallback the types say what it may give.
 *
 * A stream of responses has succeeded for the policy when it has begun. Tell a breaker `handleWhen(isFailure)` and a retry
 * `handleWhen(worthRetrying)`: with `handleAll` callers' mistakes open circuits, and what is not idempotent is repeated.
 */
export function cockatiel<Alt = never>(
  policy: CockatielPolicy<Alt>,
  { onRefused }: CockatielOptions = {},
): [Alt] extends [never] ? Policy<CockatielSnapshot> : CockatielLayer<Alt> {
  let refused = 0
  const layer =
    <Req, Res>(next: Endpoint<Req, Res>): Endpoint<Req, Res | Alt> =>
    async (request, ctx) => {
      const run = (given: CockatielContext) => ranIn(given, next, request, ctx)
      try {
        return await untilOver(ctx, () => policy.execute(run, ctx.signal))
      } catch (thrown) {
        const is = cockatielError(thrown)
        if (is === undefined) throw thrown
        if (is === 'canceled') throw ctx.aborted ? ServiceError.fromAbort(ctx.cause) : tooLate(thrown)
        refused++
        const error = refusal(is.code, is.text, undefined, thrown)
        tell(onRefused, { policy: is.policy, ctx, error })
        throw error
      }
    }
  // Without an `Alt` the layer gives nothing but responses, which the compiler cannot see.
  return Object.assign(layer, { snapshot: () => ({ refused }) }) as never
}

async function ranIn<Req, Res>(
  { signal, attempt = 0 }: CockatielContext,
  next: Endpoint<Req, Res>,
  request: Req,
  ctx: Context,
): Promise<Res> {
  // Its retry does not look before it runs again.
  if (ctx.aborted) throw ServiceError.fromAbort(ctx.cause)
  if (signal.aborted) throw tooLate(signal.reason)
  const run = new WrappedRun(next, request, attempt === 0 ? ctx : ctx.with(attemptKey, attempt + 1))
  const callOff = () => run.cancel(ctx.aborted ? ServiceError.fromAbort(ctx.cause) : tooLate(signal.reason))
  signal.addEventListener('abort', callOff, { once: true })
  try {
    return await run.begin()
  } catch (thrown) {
    throw noteCall(thrown, ctx)
  } finally {
    // Its timeout also aborts what has ended well, which a stream must not hear.
    signal.removeEventListener('abort', callOff)
  }
}

function tooLate(cause: unknown): ServiceError {
  return new ServiceError('deadline_exceeded', 'the policy did not wait for the response', { cause })
}
