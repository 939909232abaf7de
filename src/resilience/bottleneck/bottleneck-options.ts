// BottleneckOptions: what is used of the package `bottleneck`, and what our middleware around a limiter is told and says.
import type { Context } from '../../core/context.ts'
import type { RefusedEvent } from '../policy.ts'

/** What is used of a `Bottleneck` 2, with or without clustering. Its `rejectOnDrop` must stay true, or dropped calls wait until their deadline. */
export interface BottleneckLimiter {
  schedule<R>(options: { readonly priority?: number; readonly weight?: number }, job: () => PromiseLike<R>): Promise<R>
}

/** How calls are put into the queue. `Req` is what the functions take a request for; that the endpoints have it is the user's word. */
export interface BottleneckOptions<Req = unknown> {
  /** When it is whose turn, as Bottleneck counts: 0 is first, 9 is last. @default 5 for each */
  readonly priority?: ((request: Req, ctx: Context) => number) | undefined
  /** For how many calls this one counts: an integer from 0 on. @default 1 for each */
  readonly weight?: ((request: Req, ctx: Context) => number) | undefined
  /** Told of each call that is refused. @default nothing */
  readonly onRefused?: ((event: RefusedEvent) => void) | undefined
}

/** What was done with calls. */
export interface BottleneckSnapshot {
  /** How many calls wait now. */
  readonly waiting: number
  /** Calls whose endpoint has not settled yet. */
  readonly inFlight: number
  /** How many calls were let in. */
  readonly allowed: number
  /** How many calls were refused. */
  readonly refused: number
  /** How many were over, called off or past their deadline, before their turn came. */
  readonly left: number
}
