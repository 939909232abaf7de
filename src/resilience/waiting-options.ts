// WaitingOptions: how calls wait where there is no place for them, and what is told of it; what bulkhead and adaptiveLimit have in common.
import type { Context } from '../core/context.ts'

/** Who of those that are equally important is next. */
export type WaitingOrder = 'fifo' | 'adaptive_lifo'

/** How calls wait where there is no place for them. `Req` is what `priority` takes a request for; that the endpoints have it is the user's word. */
export interface WaitingOptions<Req = unknown> {
  /** How many calls may wait, from 0 to 1_000_000. That of a bulkhead may be changed while running. @default 0 */
  readonly queue?: number | undefined
  /** How long a call waits at most, in milliseconds from 1 on; its own deadline may be earlier. @default 1_000 */
  readonly maxWaitMs?: number | undefined
  /**
   * Who is next. `adaptive_lifo` is first in, first out, but newest first while the queue is more than half full or the oldest has waited for
   * more than half of `maxWaitMs`: then the oldest are those whose callers have most likely given up (Maurer, "Fail at Scale",
   * ACM Queue 2015). @default 'fifo'
   */
  readonly order?: WaitingOrder | undefined
  /**
   * How important a call is, asked only of calls that must wait: the larger first, and one that finds the queue full takes the place of
   * the least important waiter, if that is less important. What is less important may wait in vain until `maxWaitMs`. @default all alike
   */
  readonly priority?: ((request: Req, ctx: Context) => number) | undefined
  /** Told of each call that begins, and of each that waited in vain: for `loadShed(…).observeSojourn`. @default nothing */
  readonly onWaited?: ((event: WaitedEvent) => void) | undefined
}

/** A call waits no longer. */
export interface WaitedEvent {
  readonly ctx: Context
  /** In milliseconds; 0 for one that got a place at once. */
  readonly waitedMs: number
}
