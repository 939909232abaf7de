// flexibleRateLimit: a limiter of the package `rate-limiter-flexible`, whatever its store, as our rate limit.
import type { Context } from '../../core/context.ts'
import type { Endpoint } from '../../core/endpoint.ts'
import type { ServiceError } from '../../core/errors.ts'
import { tell } from '../../core/tell.ts'
import { checkNumber, checkOneOf } from '../../primitives/check.ts'
import { beginCall } from '../begin-call.ts'
import { checkText } from '../call-key.ts'
import { callWeight } from '../call-weight.ts'
import { limitReached, tooHeavy } from '../limit-reached.ts'
import type { Policy } from '../policy.ts'
import { refusal } from '../refusal.ts'
import { untilOver } from '../until-over.ts'
import { type FlexibleLimiter, Points } from './points.ts'
import type { FlexibleRateLimitOptions, FlexibleRateLimitSnapshot } from './rate-limit-options.ts'

export type { FlexibleLimiter } from './points.ts'
export type * from './rate-limit-options.ts'

/**
 * Takes points for a call of any kind when it begins, one trip to the store each, and refuses it with `resource_exhausted` when there are
 * none left, with `retryAfterMs` where the limiter knows; a call is safe to be retried then. A call waits for the store no longer than
 * `timeoutMs`, nor than its context lasts; points that were taken for nothing are not given back.
 *
 * Throws a RangeError or TypeError for an option out of its range.
 */
export function flexibleRateLimit<Req = unknown>(
  limiter: FlexibleLimiter,
  options: FlexibleRateLimitOptions<Req> = {},
): Policy<FlexibleRateLimitSnapshot> {
  const limit = new FlexibleRateLimiter(limiter, options as FlexibleRateLimitOptions)
  return Object.assign(
    <In, Res>(next: Endpoint<In, Res>): Endpoint<In, Res> =>
      async (request, ctx) => {
        await limit.admit(request, ctx)
        return beginCall(next, request, ctx)
      },
    { snapshot: () => limit.snapshot() },
  )
}

class FlexibleRateLimiter {
  readonly #limiter: FlexibleLimiter
  readonly #points: Points
  readonly #options: FlexibleRateLimitOptions
  #allowed = 0
  #refused = 0
  #waiting = 0
  #failures = 0

  constructor(limiter: FlexibleLimiter, options: FlexibleRateLimitOptions) {
    const { ifStoreFails = 'allow', timeoutMs = limiter.execEvenly === true ? Infinity : 250 } = options
    checkOneOf('ifStoreFails', ifStoreFails, ['allow', 'refuse'])
    this.#limiter = limiter
    this.#points = new Points(limiter, checkNumber('timeoutMs', timeoutMs, { min: 1 }))
    this.#options = options
  }

  /** Resolves when the call may run, and rejects when it may not. */
  async admit(request: unknown, ctx: Context): Promise<void> {
    const { key: keyOf } = this.#options
    const weight = checkNumber('weight', callWeight(this.#options.weight, request, ctx), { min: 0, integer: true })
    const key = keyOf === undefined ? 'all' : checkText('flexibleRateLimit', keyOf(request, ctx))
    const { points = Infinity } = this.#limiter
    if (weight > points) throw this.#refuse(ctx, tooHeavy(weight, points))
    this.#waiting++
    try {
      const taken = await untilOver(ctx, () => this.#points.take(key, weight, ctx.clock))
      if (taken.error !== undefined) this.#fail(taken.error, ctx)
      else this.#failures = 0
      if (taken.waitMs !== undefined) throw this.#refuse(ctx, limitReached(taken.waitMs))
      this.#allowed++
    } finally {
      this.#waiting--
    }
  }

  snapshot(): FlexibleRateLimitSnapshot {
    const { points } = this.#limiter
    const [allowed, refused, waiting] = [this.#allowed, this.#refused, this.#waiting]
    return { points, allowed, refused, waiting, storeFailures: this.#failures }
  }

  #fail(error: unknown, ctx: Context): void {
    const failures = ++this.#failures
    tell(this.#options.onStoreError, { policy: 'rate_limit', error, failures })
    if (this.#options.ifStoreFails !== 'refuse') return
    throw this.#refuse(ctx, refusal('unavailable', 'the rate limit cannot be asked', undefined, error))
  }

  #refuse(ctx: Context, error: ServiceError): ServiceError {
    this.#refused++
    tell(this.#options.onRefused, { policy: 'rate_limit', ctx, error })
    return error
  }
}
