// bulkhead: a limit on how many calls are in flight at once, so that one slow dependency cannot take all there is.
import type { Context } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import type { ServiceError } from '../core/errors.ts'
import { tell } from '../core/tell.ts'
import { checkNumber } from '../primitives/check.ts'
import { holdPlace, type RunInPlace } from './hold-place.ts'
import type { Policy, RefusedEvent } from './policy.ts'
import { refusal } from './refusal.ts'
import type { WaitingOptions, WaitingOrder } from './waiting-options.ts'
import { type WaitingOwner, WaitingQueue, type WaitingRefusal } from './waiting-queue.ts'

export type { WaitedEvent, WaitingOptions, WaitingOrder } from './waiting-options.ts'

/** How many calls may be in flight, and how others wait. */
export interface BulkheadOptions<Req = unknown> extends WaitingOptions<Req> {
  /** How many calls may be in flight, from 1 to 1_000_000. May be changed while running. @default 1_000 */
  readonly limit?: number | undefined
  /** Told of each call that is refused. @default nothing */
  readonly onRefused?: ((event: RefusedEvent) => void) | undefined
}

/** What may be changed while running; what is left out stays. */
export interface BulkheadChange {
  /** How many calls may be in flight, from 1 to 1_000_000. Calls in flight beyond a lower limit go on. */
  readonly limit?: number | undefined
  /** How many calls may wait, from 0 to 1_000_000. Whoever waits already stays. */
  readonly queue?: number | undefined
}

/** What a bulkhead is set to and what it is doing. */
export interface BulkheadSnapshot {
  readonly limit: number
  readonly queue: number
  readonly maxWaitMs: number
  readonly order: WaitingOrder
  /** Calls whose endpoint has not settled yet. */
  readonly inFlight: number
  readonly waiting: number
  /** How long the one has waited who waits longest, in milliseconds; 0 when nobody waits. */
  readonly longestWaitMs: number
  /** Calls that were let in so far, at once or after a wait. */
  readonly admitted: number
  /** Calls that were refused so far: the queue was full, a more important one took the place in it, or the wait was too long. */
  readonly refused: number
  /** Calls that were over, called off or past their deadline, before they got a place. */
  readonly left: number
}

/** A bulkhead, and how to change it while it runs. */
export interface Bulkhead extends Policy<BulkheadSnapshot> {
  /** Throws a RangeError for a value out of its range, and changes nothing then. */
  change(change: BulkheadChange): void
}

/**
 * Lets no more calls through than `limit` at once; those beyond wait in the queue, and those beyond that are refused with
 * `resource_exhausted`, which is safe to retry. A call holds its place until the endpoint has settled, not merely until its caller has given
 * up: a handler that ignores its abort still uses what is protected. A stream of responses holds it until it has ended, failed or been
 * left; of a stream of requests nothing is read before there is a place. All four kinds count as one call each.
 *
 * Throws a RangeError or TypeError for an option out of its range.
 */
export function bulkhead<Req = unknown>(options: BulkheadOptions<Req> = {}): Bulkhead {
  const places = new Places(options as BulkheadOptions)
  const layer =
    <In, Res>(next: Endpoint<In, Res>): Endpoint<In, Res> =>
    (request, ctx) =>
      places.take(ctx) ? places.run(next, request, ctx) : places.wait(next, request, ctx)
  return Object.assign(layer, {
    change: (change: BulkheadChange) => places.change(change),
    snapshot: () => places.snapshot(),
  })
}

const reasons: Readonly<Record<WaitingRefusal, string>> = {
  full: 'the bulkhead is full',
  displaced: 'the bulkhead is full, and a more important call took the place in its queue',
  expired: 'the bulkhead is full, and no place became free in time',
}

class Places implements WaitingOwner {
  readonly run: RunInPlace
  readonly #queue: WaitingQueue
  readonly #onRefused: ((event: RefusedEvent) => void) | undefined
  #limit: number
  #inFlight = 0
  #admitted = 0
  #refused = 0

  constructor(options: BulkheadOptions) {
    this.run = holdPlace(() => this.giveBack())
    this.#limit = checkLimit(options.limit ?? 1_000)
    this.#queue = new WaitingQueue(options, this)
    this.#onRefused = options.onRefused
  }

  /** Takes a place, if one is free. Nobody waits then: those who wait get a free place at once. */
  take(ctx: Context): boolean {
    if (this.#inFlight >= this.#limit) return false
    this.#inFlight++
    this.#admitted++
    this.#queue.passed(ctx)
    return true
  }

  wait<Req, Res>(next: Endpoint<Req, Res>, request: Req, ctx: Context): Promise<Res> {
    return this.#queue.wait(request, ctx, () => {
      this.#admitted++
      return this.run(next, request, ctx)
    })
  }

  giveBack(): void {
    this.#inFlight--
    if (this.#queue.length > 0) this.#fill()
  }

  refuse(ctx: Context, why: WaitingRefusal): ServiceError {
    this.#refused++
    const error = refusal('resource_exhausted', reasons[why])
    tell(this.#onRefused, { policy: 'bulkhead', ctx, error })
    return error
  }

  change({ limit = this.#limit, queue = this.#queue.limit }: BulkheadChange): void {
    checkLimit(limit)
    this.#queue.limit = queue
    this.#limit = limit
    this.#fill()
  }

  snapshot(): BulkheadSnapshot {
    const { limit: queue, maxWaitMs, order, length: waiting, longestWaitMs, left } = this.#queue
    return {
      limit: this.#limit,
      queue,
      maxWaitMs,
      order,
      inFlight: this.#inFlight,
      waiting,
      longestWaitMs,
      admitted: this.#admitted,
      refused: this.#refused,
      left,
    }
  }

  /** Gives free places away. Each call begins in a turn of its own, so that a row of them which fail at once does not nest. */
  #fill(): void {
    while (this.#inFlight < this.#limit && this.#queue.admit()) this.#inFlight++
  }
}

function checkLimit(limit: number): number {
  return checkNumber('limit', limit, { min: 1, max: 1_000_000, integer: true })
}
