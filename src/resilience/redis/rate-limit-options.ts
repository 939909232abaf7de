// RedisRateLimitOptions: what a rate limit in Redis is told and what it says of itself.
import type { Clock } from '../../core/clock.ts'
import type { BackoffOptions } from '../../primitives/backoff.ts'
import type { Random } from '../../primitives/random.ts'
import type { StoreErrorEvent } from '../policy.ts'
import type { RateLimit, RateLimitOptions, RateLimitSnapshot } from '../rate-limit.ts'
import type { RedisClient } from './redis-client.ts'

/** How calls are limited, of all processes together. Nobody waits: `maxWaitMs` and `maxQueue` are not there. */
export interface RedisRateLimitOptions<Req = unknown>
  extends Omit<RateLimitOptions<Req>, 'perSecond' | 'maxWaitMs' | 'maxQueue'> {
  /** How many calls may begin in a second, of all processes, from 0 on; 0 refuses all, Infinity is no limit. All should say the same. May be changed while running. */
  readonly perSecond: number
  /** A client of `redis` or `ioredis`, or a function that sends a command; connecting it and closing it stay with its owner. */
  readonly client: RedisClient
  /** Which limit it is: processes that use the same name in the same Redis share it. */
  readonly name: string
  /** What its keys in Redis begin with; `{name}` follows, so that in a cluster all of one limit, or of one key of it, is in one place. @default 'servicekit:rate:' */
  readonly prefix?: string | undefined
  /** For how long of its own calls a process leases tokens, in milliseconds from 1 to 60_000: the longer, the fewer trips, and the more calls may begin together. @default 100 */
  readonly leaseMs?: number | undefined
  /** How long a trip to Redis may take, in milliseconds from 1 to 60_000: then it has failed. No call waits for it. @default 250 */
  readonly timeoutMs?: number | undefined
  /** When Redis is tried again after failures: one trip then, whatever the number of calls and keys. @default { initialMs: 250, multiplier: 2, maxMs: 10_000, jitter: 0.2 } */
  readonly backoff?: Omit<BackoffOptions, 'random'> | undefined
  /**
   * This process's share of the limit while Redis is not there: above 0, at most 1. @default 1 divided by how many processes Redis counted
   * last, those that had calls in the last seconds; the whole limit as long as it has never answered
   */
  readonly localShareRatio?: number | undefined
  /** Told of each trip that failed; of several that were under way together, once. @default nothing */
  readonly onStoreError?: ((event: StoreErrorEvent) => void) | undefined
  /** For closing; calls go by the clock of their context. @default systemClock */
  readonly clock?: Clock | undefined
  /** @default systemRandom */
  readonly random?: Random | undefined
}

/** What a rate limit in Redis is set to and has done, in this process. */
export interface RedisRateLimitSnapshot extends RateLimitSnapshot {
  /** How many tokens this process has leased; undefined where each key has its own, or there is no limit. */
  readonly tokens: number | undefined
  /** How many processes take from the limit, or from that of the key asked for last, as Redis counted. */
  readonly processes: number
  /** How many trips to Redis were made. */
  readonly trips: number
  /** How many trips have failed in a row; while it is not 0, this process goes by its own share. */
  readonly storeFailures: number
}

/** A rate limit in Redis. Disposing it gives back what it has leased; calls that come then go by this process's share, and make no trips. */
export interface RedisRateLimit extends RateLimit, AsyncDisposable {
  snapshot(): RedisRateLimitSnapshot
}
