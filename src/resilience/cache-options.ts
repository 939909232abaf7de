// CacheOptions: how a cache is set, and what it tells of itself.
import type { Context } from '../core/context.ts'
import type { ServiceError } from '../core/errors.ts'
import type { Random } from '../primitives/random.ts'
import type { CallKey, KeyOf } from './call-key.ts'

/** What is remembered, and for how long. */
export interface CacheOptions<Req, Res> {
  /**
   * What makes two calls the same: a string or a number that holds all that the answer depends on, the tenant or the user too
   * where it does; undefined for a call that is not looked up.
   */
  readonly key: KeyOf<Req>
  /** How long a response is fresh, in milliseconds, above 0; Infinity for ever. */
  readonly ttlMs: number
  /** How many answers are kept, at least 1; beyond it one goes that was not asked for lately. @default 1_000 */
  readonly maxEntries?: number | undefined
  /** For how long after that a stale response is given at once while it is refreshed behind the caller's back, in milliseconds. @default 0 */
  readonly staleWhileRevalidateMs?: number | undefined
  /** For how long after it was fresh a stale response is given when there is an error in place of a better one, in milliseconds. @default 0 */
  readonly staleIfErrorMs?: number | undefined
  /**
   * How eagerly a response is refreshed before its end: the factor beta of Vattani, Chierichetti and Lowenstein, "Optimal
   * Probabilistic Cache Stampede Prevention" (VLDB 2015), from 0 to 1_000; 0 is never. A refresh begins earlier by beta times as long as the
   * answer took, on average over calls that come one such time apart. @default 1
   */
  readonly earlyRefresh?: number | undefined
  /** How long an error that is `negative` is given again, in milliseconds. @default 0 */
  readonly negativeTtlMs?: number | undefined
  /** Which errors are answers to remember. @default those of code `not_found` */
  readonly negative?: ((error: ServiceError, ctx: Context) => boolean) | undefined
  /** Which responses may be kept. @default those in which the method's `failed` finds no failure */
  readonly cacheable?: ((response: Res, ctx: Context) => boolean) | undefined
  /** The deadline of a refresh that no caller waits for, in milliseconds, at least 1. @default the method's own, else 5_000 */
  readonly refreshTimeoutMs?: number | undefined
  /** For how long no refresh is tried after one has failed, in milliseconds; longer when the error says so by `retryAfterMs`. @default 1_000 */
  readonly refreshPauseMs?: number | undefined
  /** @default systemRandom */
  readonly random?: Random | undefined
  /** Told of each call that was looked up. @default nothing */
  readonly onLookup?: ((event: LookupEvent) => void) | undefined
}

/**
 * What a lookup came to. `hit`: a fresh response. `refresh`: the same, and this call had it refreshed early. `stale`: a response
 * past its time. `negative`: a remembered error. `miss`: whatever the call gave that was made, or joined.
 */
export type LookupResult = 'hit' | 'refresh' | 'stale' | 'negative' | 'miss'

/** A call was looked up. */
export interface LookupEvent {
  readonly ctx: Context
  readonly key: CallKey
  readonly result: LookupResult
  /** How long ago the answer was remembered, in milliseconds; undefined for a miss. */
  readonly ageMs: number | undefined
}

/** How a cache is set, and what it has done since it was made. What has no limit is undefined. */
export interface CacheSnapshot {
  readonly ttlMs: number | undefined
  readonly staleWhileRevalidateMs: number | undefined
  readonly staleIfErrorMs: number | undefined
  readonly negativeTtlMs: number | undefined
  readonly earlyRefresh: number
  /** Undefined where it is that of the method. */
  readonly refreshTimeoutMs: number | undefined
  readonly refreshPauseMs: number | undefined
  readonly maxEntries: number | undefined
  /** Answers that are kept, those that are past their time among them. */
  readonly entries: number
  /** Calls in flight, refreshes among them. */
  readonly inFlight: number
  /** Callers that wait for them. */
  readonly waiting: number
  /** Lookups by what they came to. */
  readonly lookups: Readonly<Record<LookupResult, number>>
}
