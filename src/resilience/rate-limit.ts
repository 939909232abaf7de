// rateLimit: how many calls may begin in a time; those above it are refused, or wait for their turn.
import type { Clock } from '../core/clock.ts'
import type { Context } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { tell } from '../core/tell.ts'
import { mostKeys } from '../primitives/bounded-map.ts'
import { checkNumber, finite } from '../primitives/check.ts'
import { beginCall } from './begin-call.ts'
import { checkText } from './call-key.ts'
import { callWeight } from './call-weight.ts'
import { limitReached, tooHeavy } from './limit-reached.ts'
import type { Policy, RefusedEvent } from './policy.ts'
import { checkTokenRate, TokenBucket, type TokenRate, type TokenRateChange } from './token-bucket.ts'
import { TokenQueue } from './token-queue.ts'
import { TokenQueues } from './token-queues.ts'

/** How calls are limited. `Req` is what `weight` and `key` take a request for; that the endpoints have it is the user's word. */
export interface RateLimitOptions<Req = unknown> {
  /** How many calls may begin in a second, from 0 on; Infinity is no limit. May be changed while running. */
  readonly perSecond: number
  /** How many may begin at once after a rest: an integer from 0 on, or Infinity. May be changed while running. @default what `perSecond` gives in a second, at least 1 */
  readonly burst?: number | undefined
  /** For how many calls this one counts: from 0 on, with fractions. One above the burst is refused for good. @default 1 for each */
  readonly weight?: ((request: Req, ctx: Context) => number) | undefined
  /** Whose call it is: each key has a limit of its own. @default all calls together have one */
  readonly key?: ((request: Req, ctx: Context) => string) | undefined
  /** How many keys are remembered: an integer from 1 to 2^23. Beyond that one whose bucket is full is forgotten, else one not used lately: it begins anew. @default 10_000 */
  readonly maxKeys?: number | undefined
  /** How long a call may wait for its turn, in milliseconds, from 0 on; 0 refuses at once. @default 0 */
  readonly maxWaitMs?: number | undefined
  /** How many calls may wait at once, of all keys together: an integer from 1 on. @default 1_000 */
  readonly maxQueue?: number | undefined
  /** Told of each call that is refused. @default nothing */
  readonly onRefused?: ((event: RefusedEvent) => void) | undefined
}

/** What a rate limit is set to, and what it has done. What has no limit is undefined. */
export interface RateLimitSnapshot {
  readonly perSecond: number | undefined
  readonly burst: number | undefined
  readonly maxKeys: number
  readonly maxWaitMs: number
  readonly maxQueue: number | undefined
  /** How many tokens there are now; undefined where each key has its own, or there is no limit. */
  readonly tokens: number | undefined
  /** How many keys are remembered. */
  readonly keys: number
  /** How many calls wait now. */
  readonly waiting: number
  /** How many calls were let in, at once or after waiting. */
  readonly allowed: number
  /** How many calls were refused. */
  readonly refused: number
}

/** A rate limit that runs. */
export interface RateLimit extends Policy<RateLimitSnapshot> {
  /**
   * Changes rate or burst from now on, for those who wait too: whose turn would come later than it may is refused. Throws a
   * RangeError, and changes nothing, where one is out of its range.
   */
  change(rate: TokenRateChange): void
}

/**
 * Limits how many calls begin in a time, by a token bucket: one token for a call when it begins, or its weight, whatever its kind; the
 * messages of a stream cost nothing, and nothing is given back at its end. A call that is refused was never run, and its error
 * (`resource_exhausted`, retry `safe`) says with `retryAfterMs` when it would have been let in; that of one that can never be, as it
 * weighs more than the burst, says `never`.
 *
 * With `maxWaitMs` calls wait for their turn in the order they came, unless it would come too late for `maxWaitMs` or for their
 * deadline: those are refused at once. A call that is called off gives up its place, and those behind move up.
 *
 * Throws a RangeError for an option out of its range.
 */
export function rateLimit<Req = unknown>(options: RateLimitOptions<Req>): RateLimit {
  const limiter = new RateLimiter(options as RateLimitOptions)
  return Object.assign(
    <In, Res>(next: Endpoint<In, Res>): Endpoint<In, Res> =>
      (request, ctx) =>
        limiter.call(next, request, ctx),
    { snapshot: () => limiter.snapshot(), change: (rate: TokenRateChange) => limiter.change(rate) },
  )
}

// Moments are rounded; whose turn comes exactly at the limit is not too late.
const roundingMs = 1e-6

class RateLimiter {
  readonly #weight: RateLimitOptions['weight']
  readonly #key: ((request: unknown, ctx: Context) => string) | undefined
  readonly #maxKeys: number
  readonly #maxWaitMs: number
  readonly #maxQueue: number
  readonly #onRefused: RateLimitOptions['onRefused']
  /** Without keys there is one queue, with them one for each. */
  readonly #only: TokenQueue
  readonly #queues: TokenQueues
  #rate: TokenRate
  /** Of the last call; while there was none, nothing has been used up. */
  #clock: Clock | undefined
  #allowed = 0
  #refused = 0

  constructor(options: RateLimitOptions) {
    const { perSecond, burst = Math.max(1, Math.ceil(perSecond)) } = options
    this.#rate = checkTokenRate({ perSecond, burst })
    this.#weight = options.weight
    this.#key = options.key
    this.#maxKeys = checkNumber('maxKeys', options.maxKeys ?? 10_000, { min: 1, max: mostKeys, integer: true })
    this.#maxWaitMs = checkNumber('maxWaitMs', options.maxWaitMs ?? 0, { min: 0, max: 2 ** 31 - 1 })
    this.#maxQueue = checkNumber('maxQueue', options.maxQueue ?? 1_000, { min: 1, integer: true })
    this.#onRefused = options.onRefused
    this.#only = new TokenQueue(new TokenBucket(this.#rate))
    this.#queues = new TokenQueues(this.#maxKeys, this.#rate)
  }

  call<Req, Res>(next: Endpoint<Req, Res>, request: Req, ctx: Context): Promise<Res> {
    try {
      const { clock } = ctx
      const now = clock.now()
      this.#clock = clock
      const weight = callWeight(this.#weight, request, ctx)
      const key = this.#key
      const queue = key === undefined ? this.#only : this.#queues.of(checkText('rateLimit', key(request, ctx)), now)
      if (!queue.take(now, weight)) return this.#wait(queue, now, weight, next, request, ctx)
      this.#allowed++
      return next(request, ctx)
    } catch (thrown) {
      return Promise.reject(thrown)
    }
  }

  snapshot(): RateLimitSnapshot {
    const { bucket } = this.#only
    const { perSecond, burst } = this.#rate
    return {
      perSecond: finite(perSecond),
      burst: finite(burst),
      maxKeys: this.#maxKeys,
      maxWaitMs: this.#maxWaitMs,
      maxQueue: finite(this.#maxQueue),
      tokens: this.#key === undefined ? finite(Math.max(0, bucket.tokens(this.#now))) : undefined,
      keys: this.#queues.size,
      waiting: this.#waiting,
      allowed: this.#allowed,
      refused: this.#refused,
    }
  }

  change({ perSecond = this.#rate.perSecond, burst = this.#rate.burst }: TokenRateChange): void {
    this.#rate = checkTokenRate({ perSecond, burst })
    this.#only.change(this.#now, this.#rate)
    this.#queues.change(this.#now, this.#rate)
  }

  get #now(): number {
    return this.#clock?.now() ?? 0
  }

  get #waiting(): number {
    return this.#only.length + this.#queues.waiting
  }

  #wait<Req, Res>(
    queue: TokenQueue,
    now: number,
    weight: number,
    next: Endpoint<Req, Res>,
    request: Req,
    ctx: Context,
  ): Promise<Res> {
    const maxWaitMs = this.#maxWaitMs
    if (maxWaitMs > 0 && ctx.aborted) return Promise.reject(ServiceError.fromAbort(ctx.cause))
    const waitMs = queue.waitMs(now, weight)
    const latestAt = Math.min(now + maxWaitMs + roundingMs, ctx.deadlineAt - roundingMs)
    if (maxWaitMs === 0 || now + waitMs > latestAt || this.#waiting >= this.#maxQueue) {
      return Promise.reject(this.#refuse(ctx, weight, waitMs))
    }
    return new Promise((resolve, reject) => {
      queue.add({
        ctx,
        weight,
        latestAt,
        letIn: () => {
          this.#allowed++
          // A call that has waited must not throw to who let it in.
          resolve(beginCall(next, request, ctx))
        },
        refuse: (laterMs) => reject(this.#refuse(ctx, weight, laterMs)),
        leave: reject,
      })
    })
  }

  #refuse(ctx: Context, weight: number, waitMs: number): ServiceError {
    this.#refused++
    const { burst, perSecond } = this.#rate
    const error = weight > burst && perSecond !== Infinity ? tooHeavy(weight, burst) : limitReached(waitMs)
    tell(this.#onRefused, { policy: 'rate_limit', ctx, error })
    return error
  }
}
