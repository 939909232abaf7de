// HedgedCall: one call that may be made several times at once, the race of a hedge.
import type { Cancellation, Listener } from '../core/cancellation.ts'
import type { Task, Timer } from '../core/clock.ts'
import { type CancelableContext, type Context, listen } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { attempt as attemptKey } from '../core/inbound.ts'
import type { LatencyQuantile } from './latency-quantile.ts'

/** Who decides on further attempts, and hears of them. */
export interface HedgeOwner {
  /** How many further attempts a call may have. */
  readonly most: number
  /** Takes one further attempt out of the budget; false when there is none. */
  take(now: number): boolean
  hedged(event: { readonly ctx: Context; readonly attempt: number; readonly afterMs: number }): void
  ended(event: { readonly ctx: Context; readonly winner: number | undefined; readonly attempts: number }): void
}

/** What is called, and when again. */
export interface HedgedCallOptions<Req, Res> {
  readonly owner: HedgeOwner
  readonly next: Endpoint<Req, Res>
  readonly request: Req
  readonly ctx: Context
  /** Between two attempts; Infinity for a single one. */
  readonly delayMs: number
  /** Learns how long the first attempt took. */
  readonly latencies: LatencyQuantile | undefined
}

const lost = new ServiceError('canceled', 'another attempt was faster')

/** Settles with the first response, with an error once every attempt has failed, or with the end of the caller's context. */
export class HedgedCall<Req, Res> implements Task, Listener {
  next: Listener | undefined = undefined
  previous: Listener | undefined = undefined
  list: Cancellation | undefined = undefined
  readonly #options: HedgedCallOptions<Req, Res>
  readonly #resolve: (response: Res) => void
  readonly #reject: (error: unknown) => void
  readonly #startedAt: number
  readonly #attempts: CancelableContext[] = []
  #failed = 0
  #open = true
  #timer: Timer | undefined

  constructor(
    options: HedgedCallOptions<Req, Res>,
    resolve: (response: Res) => void,
    reject: (error: unknown) => void,
  ) {
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
    this.#startedAt = options.ctx.clock.now()
  }

  /** Makes an attempt: the first, and when its time has come each further one. */
  run(): void {
    const { owner, ctx, delayMs } = this.#options
    this.#timer = undefined
    if (this.#attempts.length === 0) listen(ctx, this)
    else {
      const now = ctx.clock.now()
      if (!owner.take(now)) return
      owner.hedged({ ctx, attempt: this.#attempts.length + 1, afterMs: now - this.#startedAt })
    }
    if (!this.#open) return
    this.#attempt()
    if (!this.#open || delayMs === Infinity || this.#attempts.length > owner.most) return
    const at = this.#startedAt + this.#attempts.length * delayMs
    if (at < ctx.deadlineAt) this.#timer = ctx.clock.scheduleAt(at, this)
  }

  /** The caller's context has ended; those of the attempts end with it. */
  fire(cause: unknown): void {
    if (!this.#open) return
    this.#open = false
    this.#timer?.cancel()
    this.#tellEnd(undefined)
    this.#reject(ServiceError.fromAbort(cause))
  }

  #attempt(): void {
    const { next, request, ctx } = this.#options
    const own = ctx.withCancel()
    const number = this.#attempts.push(own)
    // A retry around this may have counted already.
    const inner = number === 1 ? own : own.with(attemptKey, ctx.get(attemptKey) + number - 1)
    try {
      next(request, inner).then(
        (response) => this.#answer(number, response),
        (thrown) => this.#fail(number, thrown),
      )
    } catch (thrown) {
      this.#fail(number, thrown)
    }
  }

  #answer(number: number, response: Res): void {
    if (!this.#open) return
    this.#end(number)
    this.#resolve(response)
  }

  #fail(number: number, thrown: unknown): void {
    if (!this.#open) return
    this.#attempts[number - 1]?.[Symbol.dispose]()
    if (++this.#failed < this.#attempts.length) return
    this.#end(undefined)
    this.#reject(thrown)
  }

  #end(winner: number | undefined): void {
    const { ctx, latencies } = this.#options
    this.#open = false
    this.#timer?.cancel()
    this.list?.remove(this)
    if (winner !== undefined && latencies !== undefined) {
      // Where another attempt won, the first one took longer than this: to leave it out would have the delay shrink and shrink.
      const now = ctx.clock.now()
      latencies.record(now - this.#startedAt, now)
    }
    for (const [index, own] of this.#attempts.entries()) {
      if (winner !== undefined && index !== winner - 1) own.cancel(lost)
      own[Symbol.dispose]()
    }
    this.#tellEnd(winner)
  }

  #tellEnd(winner: number | undefined): void {
    const { owner, ctx } = this.#options
    const attempts = this.#attempts.length
    if (attempts > 1) owner.ended({ ctx, winner, attempts })
  }
}
