// bottleneck: a limiter of the package `bottleneck` as our middleware.
import type { Context } from '../../core/context.ts'
import type { Endpoint } from '../../core/endpoint.ts'
import type { Policy } from '../policy.ts'
import type { BottleneckLimiter, BottleneckOptions, BottleneckSnapshot } from './bottleneck-options.ts'
import { JobQueue, type LimiterOf } from './job-queue.ts'

export type * from './bottleneck-options.ts'

/**
 * Lets calls run when the limiter says that it is their turn: by its rate, its reservoir, its number of jobs at once. A function in place of
 * the limiter gives one for each call, as `(request) => group.key(request.tenant)`. Calls that it drops fail with `resource_exhausted`, and
 * when it was stopped with `unavailable`, both safe to retry.
 *
 * A call whose context ends while it waits fails at once and never runs; what stands for it in the queue of Bottleneck, from where nothing
 * can be taken, still has its turn. A call holds its place as in a bulkhead: until the endpoint has settled, and a stream of responses has
 * ended. Bottleneck does not hear how calls end, so that its `failed` repeats none.
 */
export function bottleneck<Req = unknown>(
  limiter: BottleneckLimiter | ((request: Req, ctx: Context) => BottleneckLimiter),
  options: BottleneckOptions<Req> = {},
): Policy<BottleneckSnapshot> {
  const queue = new JobQueue(limiter as LimiterOf, options as BottleneckOptions)
  return Object.assign(
    <In, Res>(next: Endpoint<In, Res>): Endpoint<In, Res> =>
      (request, ctx) =>
        queue.call(next, request, ctx),
    { snapshot: () => queue.snapshot() },
  )
}
