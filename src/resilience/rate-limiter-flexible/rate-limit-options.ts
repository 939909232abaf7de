// FlexibleRateLimitOptions: what a rate limit around `rate-limiter-flexible` is told and says.
import type { Context } from '../../core/context.ts'
import type { RefusedEvent, StoreErrorEvent } from '../policy.ts'

/** How calls are counted. `Req` is what the functions take a request for; that the endpoints have it is the user's word. */
export interface FlexibleRateLimitOptions<Req = unknown> {
  /** Whose call it is: each key has the limiter's points of its own. @default all calls are of one key, `all` */
  readonly key?: ((request: Req, ctx: Context) => string) | undefined
  /** How many points a call takes: an integer from 0 on. One above those of the limiter is refused for good. @default 1 for each */
  readonly weight?: ((request: Req, ctx: Context) => number) | undefined
  /** What becomes of calls while the store cannot be asked: they run, or are refused with `unavailable`. @default 'allow' */
  readonly ifStoreFails?: 'allow' | 'refuse' | undefined
  /** How long a call waits for the store, in milliseconds from 1 on: then it has failed. @default 250, or no limit where the limiter delays calls itself (`execEvenly`) */
  readonly timeoutMs?: number | undefined
  /** Told of each call that is refused. @default nothing */
  readonly onRefused?: ((event: RefusedEvent) => void) | undefined
  /** Told of each time that the store could not be asked. @default nothing */
  readonly onStoreError?: ((event: StoreErrorEvent) => void) | undefined
}

/** What the limit has done. */
export interface FlexibleRateLimitSnapshot {
  /** Of the limiter; undefined where it does not say. */
  readonly points: number | undefined
  /** How many calls were let in, those without the store among them. */
  readonly allowed: number
  readonly refused: number
  /** How many calls wait for the store. */
  readonly waiting: number
  /** How often the store could not be asked, in a row. */
  readonly storeFailures: number
}
