// redisRateLimit: one rate limit for all processes, kept in Redis, without a trip to Redis for a call.
import { type Clock, systemClock } from '../../core/clock.ts'
import type { Context } from '../../core/context.ts'
import type { Endpoint } from '../../core/endpoint.ts'
import type { ServiceError } from '../../core/errors.ts'
import { tell } from '../../core/tell.ts'
import { within } from '../../core/within.ts'
import { backoff } from '../../primitives/backoff.ts'
import { BoundedMap, mostKeys } from '../../primitives/bounded-map.ts'
import { checkNumber, finite } from '../../primitives/check.ts'
import { randomId, systemRandom } from '../../primitives/random.ts'
import { checkText } from '../call-key.ts'
import { callWeight } from '../call-weight.ts'
import { limitReached, tooHeavy } from '../limit-reached.ts'
import { checkTokenRate, type TokenRate, type TokenRateChange } from '../token-bucket.ts'
import { LeaseStore } from './lease-store.ts'
import type { RedisRateLimit, RedisRateLimitOptions, RedisRateLimitSnapshot } from './rate-limit-options.ts'
import { checkClient } from './redis-client.ts'
import { SharedBucket, type SharedBucketSettings } from './shared-bucket.ts'

export type { RedisRateLimit, RedisRateLimitOptions, RedisRateLimitSnapshot } from './rate-limit-options.ts'
export type { IoRedisClient, NodeRedisClient, RedisClient, SendCommand } from './redis-client.ts'

/**
 * Limits how many calls begin in a time over all processes that use the same `name`, by a token bucket in Redis: each process leases
 * tokens for some `leaseMs` of its own calls and asks for more before they run out, so that no call waits for Redis. As for `rateLimit`,
 * a call that is refused was never run, and fails with `resource_exhausted`, retry `safe`; `retryAfterMs` is an estimate here.
 *
 * Over a long time the limit is kept; for a moment more calls may begin than the burst, by what was leased before (`leaseMs` of the rate)
 * and by what processes let in before Redis has first answered them, which is charged afterwards. While Redis is away, hangs or refuses,
 * each process lets in its share of the limit. What is never done is to wait, or to fail a call because of Redis.
 *
 * Throws a RangeError or TypeError for an option out of its range.
 */
export function redisRateLimit<Req = unknown>(options: RedisRateLimitOptions<Req>): RedisRateLimit {
  const limiter = new RedisRateLimiter(options as RedisRateLimitOptions)
  return Object.assign(
    <In, Res>(next: Endpoint<In, Res>): Endpoint<In, Res> =>
      (request, ctx) =>
        limiter.call(next, request, ctx),
    {
      snapshot: () => limiter.snapshot(),
      change: (rate: TokenRateChange) => limiter.change(rate),
      [Symbol.asyncDispose]: () => limiter.close(),
    },
  )
}

/** How long closing waits for Redis. */
const closingMs = 1_000

class RedisRateLimiter {
  readonly #options: RedisRateLimitOptions
  readonly #maxKeys: number
  readonly #prefix: string
  readonly #settings: SharedBucketSettings
  readonly #store: LeaseStore
  readonly #only: SharedBucket
  readonly #buckets: BoundedMap<string, SharedBucket>
  /** Of the last call. */
  #clock: Clock
  #allowed = 0
  #refused = 0
  #closing: Promise<void> | undefined

  constructor(options: RedisRateLimitOptions) {
    const { perSecond, burst = Math.max(1, Math.ceil(perSecond)), name, random = systemRandom } = options
    const timeoutMs = checkNumber('timeoutMs', options.timeoutMs ?? 250, { min: 1, max: 60_000 })
    if (typeof name !== 'string' || name === '')
      throw new TypeError('name must be a text: the limits of one name are one')
    this.#options = options
    this.#prefix = options.prefix ?? 'servicekit:rate:'
    this.#maxKeys = checkNumber('maxKeys', options.maxKeys ?? 10_000, { min: 1, max: mostKeys, integer: true })
    this.#clock = options.clock ?? systemClock
    this.#store = new LeaseStore({
      client: checkClient(options.client),
      timeoutMs,
      delayMs: backoff({ initialMs: 250, multiplier: 2, maxMs: 10_000, ...options.backoff, random }),
      onError: options.onStoreError,
    })
    const localShareRatio = options.localShareRatio
    if (localShareRatio !== undefined)
      checkNumber('localShareRatio', localShareRatio, { min: Number.MIN_VALUE, max: 1 })
    this.#settings = {
      rate: checkTokenRate({ perSecond, burst }),
      store: this.#store,
      member: randomId(random),
      leaseMs: checkNumber('leaseMs', options.leaseMs ?? 100, { min: 1, max: 60_000 }),
      timeoutMs,
      localShareRatio,
      random,
      processes: 1,
    }
    this.#only = this.#bucket('')
    this.#buckets = new BoundedMap({ limit: this.#maxKeys, stays: (bucket) => bucket.isBusy })
  }

  call<Req, Res>(next: Endpoint<Req, Res>, request: Req, ctx: Context): Promise<Res> {
    try {
      const { clock } = ctx
      const now = clock.now()
      this.#clock = clock
      const { key } = this.#options
      const weight = callWeight(this.#options.weight, request, ctx)
      const bucket = key === undefined ? this.#only : this.#bucketOf(checkText('redisRateLimit', key(request, ctx)))
      if (!this.#take(bucket, now, weight, clock)) return Promise.reject(this.#refuse(bucket, now, weight, ctx))
      this.#allowed++
      return next(request, ctx)
    } catch (thrown) {
      return Promise.reject(thrown)
    }
  }

  snapshot(): RedisRateLimitSnapshot {
    const { perSecond, burst } = this.#settings.rate
    const isKeyed = this.#options.key !== undefined
    return {
      perSecond: finite(perSecond),
      burst: finite(burst),
      maxKeys: this.#maxKeys,
      maxWaitMs: 0,
      maxQueue: undefined,
      tokens: isKeyed || this.#isUnlimited ? undefined : this.#only.left,
      keys: this.#buckets.size,
      waiting: 0,
      allowed: this.#allowed,
      refused: this.#refused,
      processes: isKeyed ? this.#settings.processes : this.#only.processes,
      trips: this.#store.trips,
      storeFailures: this.#store.failures,
    }
  }

  change({ perSecond = this.#settings.rate.perSecond, burst = this.#settings.rate.burst }: TokenRateChange): void {
    this.#settings.rate = checkTokenRate({ perSecond, burst })
    if (this.#isUnlimited || perSecond === 0) return
    const now = this.#clock.now()
    this.#only.change(now)
    for (const [, bucket] of this.#buckets) bucket.change(now)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const clock = this.#options.clock ?? systemClock
    const leaving = async () => {
      await this.#store.settled()
      for (const bucket of [this.#only, ...Array.from(this.#buckets, ([, each]) => each)])
        if (this.#store.failures === 0) await bucket.leave(clock)
    }
    const late = () => new Error('late')
    // What is not given back lapses. Whoever closes waits: the process must not end before, whatever holds the client.
    await within(leaving(), { clock, limitMs: closingMs, late }).catch(() => {})
  }

  get #isUnlimited(): boolean {
    const { perSecond, burst } = this.#settings.rate
    return perSecond === Infinity || burst === Infinity
  }

  #take(bucket: SharedBucket, now: number, weight: number, clock: Clock): boolean {
    const { perSecond, burst }: TokenRate = this.#settings.rate
    if (this.#isUnlimited) return true
    if (weight > burst || perSecond === 0) return false
    return bucket.take(now, weight, this.#closing === undefined ? clock : undefined)
  }

  #bucketOf(key: string): SharedBucket {
    return this.#buckets.getOrAdd(key, (added) => this.#bucket(`:${added}`))
  }

  #bucket(suffix: string): SharedBucket {
    // Both keys are in one slot of a cluster.
    const tagged = `${this.#prefix}{${this.#options.name}${suffix}}`
    return new SharedBucket([tagged, `${tagged}:processes`], this.#settings)
  }

  #refuse(bucket: SharedBucket, now: number, weight: number, ctx: Context): ServiceError {
    this.#refused++
    const { burst, perSecond } = this.#settings.rate
    const waitMs = perSecond === 0 ? Infinity : Math.ceil(bucket.waitMs(now, weight))
    const error = weight > burst ? tooHeavy(weight, burst) : limitReached(waitMs)
    tell(this.#options.onRefused, { policy: 'rate_limit', ctx, error })
    return error
  }
}
