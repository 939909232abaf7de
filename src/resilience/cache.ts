// cache: remembers the answers of a method for a while, and gives them again, stale ones too where that is allowed.
import type { Code } from '../core/codes.ts'
import type { Context } from '../core/context.ts'
import type { Endpoint, TypedMiddleware } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { outcomeOf } from '../core/outcome.ts'
import { tell } from '../core/tell.ts'
import { BoundedMap } from '../primitives/bounded-map.ts'
import { checkNumber, finite } from '../primitives/check.ts'
import { type Random, systemRandom } from '../primitives/random.ts'
import { CacheEntry, type Lifetimes } from './cache-entry.ts'
import type { CacheOptions, CacheSnapshot, LookupEvent, LookupResult } from './cache-options.ts'
import { type CallKey, checkedKey } from './call-key.ts'
import { type Shareable, type SharedCallKeeper, SharedCalls } from './shared-call.ts'

export type { CacheOptions, CacheSnapshot, LookupEvent, LookupResult } from './cache-options.ts'
export type { CallKey, KeyOf } from './call-key.ts'

/** Remembers the answers of one method. */
export interface Cache<Req, Res> extends TypedMiddleware<Req, Res> {
  /** Forgets the answer of a key; one that is on its way is not remembered. Returns whether there was one. */
  delete(key: CallKey): boolean
  /** Forgets all answers, those on their way too. */
  clear(): void
  /** How it is set and what it is doing now, as plain data that JSON can carry. */
  snapshot(): CacheSnapshot
}

/**
 * Gives a remembered response to calls of the same key. Calls that miss together make one call, as with `coalesce`; the responses
 * are shared objects, so whoever changes one changes it for all. What is refreshed in the background goes on when its caller leaves.
 *
 * Stale responses are those of RFC 5861, and stand in for the errors `unavailable`, `deadline_exceeded`, `internal`, `unknown` and
 * `resource_exhausted`; any other error is an answer, after which the stale one is gone. Once a refresh has failed nobody waits for
 * the next one while there is a stale response to give.
 *
 * For unary methods, one cache each: calls of the three streaming kinds, or of a second method, fail with a TypeError. Throws a
 * RangeError or TypeError that names the option for a value that makes no sense.
 */
export function cache<Req, Res>(options: CacheOptions<Req, Res>): Cache<Req, Res> {
  const state = new CacheState<Req, Res>(options)
  const keyOf = checkedKey('cache', options.key)
  const middleware: TypedMiddleware<Req, Res> = (next) => (request, ctx) => {
    try {
      const key = keyOf(request, ctx)
      return key === undefined ? next(request, ctx) : state.look(key, request, ctx, next)
    } catch (thrown) {
      return Promise.reject(thrown)
    }
  }
  return Object.assign(middleware, {
    delete: (key: CallKey) => state.delete(key),
    clear: () => state.clear(),
    snapshot: () => state.snapshot(),
  })
}

const defaultRefreshTimeoutMs = 5_000
const refreshPauseMs = 1_000

/** Errors that say nothing of the answer. */
const badDays: ReadonlySet<Code> = new Set<Code>([
  'unavailable',
  'deadline_exceeded',
  'internal',
  'unknown',
  'resource_exhausted',
])

class CacheState<Req, Res> implements SharedCallKeeper<Res> {
  readonly #lives: Lifetimes
  readonly #maxEntries: number
  readonly #negativeTtlMs: number
  readonly #refreshTimeoutMs: number | undefined
  readonly #refreshPauseMs: number
  readonly #negative: (error: ServiceError, ctx: Context) => boolean
  readonly #cacheable: (response: Res, ctx: Context) => boolean
  readonly #random: Random
  readonly #onLookup: ((event: LookupEvent) => void) | undefined
  readonly #entries: BoundedMap<CallKey, CacheEntry<Res>>
  readonly #calls = new SharedCalls<Req, Res>(this)
  readonly #lookups: Record<LookupResult, number> = { hit: 0, refresh: 0, stale: 0, negative: 0, miss: 0 }

  constructor(options: CacheOptions<Req, Res>) {
    const { refreshTimeoutMs } = options
    this.#lives = {
      ttlMs: checkNumber('ttlMs', options.ttlMs, { min: Number.MIN_VALUE }),
      staleWhileRevalidateMs: checkNumber('staleWhileRevalidateMs', options.staleWhileRevalidateMs ?? 0, { min: 0 }),
      staleIfErrorMs: checkNumber('staleIfErrorMs', options.staleIfErrorMs ?? 0, { min: 0 }),
      earlyRefresh: checkNumber('earlyRefresh', options.earlyRefresh ?? 1, { min: 0, max: 1_000 }),
    }
    this.#maxEntries = checkNumber('maxEntries', options.maxEntries ?? 1_000, { min: 1, integer: true })
    this.#negativeTtlMs = checkNumber('negativeTtlMs', options.negativeTtlMs ?? 0, { min: 0 })
    this.#refreshPauseMs = checkNumber('refreshPauseMs', options.refreshPauseMs ?? refreshPauseMs, { min: 0 })
    this.#refreshTimeoutMs =
      refreshTimeoutMs === undefined ? undefined : checkNumber('refreshTimeoutMs', refreshTimeoutMs, { min: 1 })
    this.#negative = options.negative ?? (({ code }) => code === 'not_found')
    this.#cacheable =
      options.cacheable ?? ((response, { method }) => outcomeOf(response, method.failed).failure === undefined)
    this.#random = options.random ?? systemRandom
    this.#onLookup = options.onLookup
    this.#entries = new BoundedMap({ limit: this.#maxEntries })
  }

  look(key: CallKey, request: Req, ctx: Context, next: Endpoint<Req, Res>): Promise<Res> {
    const entry = this.#entries.get(key)
    if (entry === undefined) return this.#miss({ key, request, ctx, next })
    const now = ctx.clock.now()
    if (now >= entry.earlyFrom) return this.#lookCloser(entry, { key, request, ctx, next }, now)
    return this.#give(entry, entry.isNegative ? 'negative' : 'hit', key, ctx, now)
  }

  onAnswer(key: CallKey, response: Res, ctx: Context, startedAt: number): void {
    // Whatever was there is out of date.
    this.#entries.delete(key)
    if (!this.#cacheable(response, ctx)) return
    const now = ctx.clock.now()
    this.#entries.set(key, CacheEntry.response(response, now, this.#lives, now - startedAt))
  }

  onFailure(key: CallKey, thrown: unknown, ctx: Context): void {
    const { clock } = ctx
    const error = ServiceError.from(thrown)
    const entry = this.#entries.get(key)
    if (this.#negativeTtlMs > 0 && this.#negative(error, ctx)) {
      this.#entries.set(key, CacheEntry.error(thrown, clock.now(), this.#negativeTtlMs))
    } else if (badDays.has(error.code)) {
      // NaN is no wait.
      if (entry !== undefined) entry.retryAt = clock.now() + Math.max(this.#refreshPauseMs, error.retryAfterMs || 0)
    } else if (error.code !== 'canceled') {
      this.#entries.delete(key)
    }
  }

  delete(key: CallKey): boolean {
    this.#calls.forget(key)
    return this.#entries.delete(key)
  }

  clear(): void {
    this.#calls.clear()
    this.#entries.clear()
  }

  snapshot(): CacheSnapshot {
    const { ttlMs, staleWhileRevalidateMs, staleIfErrorMs, earlyRefresh } = this.#lives
    return {
      ttlMs: finite(ttlMs),
      staleWhileRevalidateMs: finite(staleWhileRevalidateMs),
      staleIfErrorMs: finite(staleIfErrorMs),
      negativeTtlMs: finite(this.#negativeTtlMs),
      earlyRefresh,
      refreshTimeoutMs: this.#refreshTimeoutMs && finite(this.#refreshTimeoutMs),
      refreshPauseMs: finite(this.#refreshPauseMs),
      maxEntries: finite(this.#maxEntries),
      entries: this.#entries.size,
      inFlight: this.#calls.inFlight,
      waiting: this.#calls.waiting,
      lookups: { ...this.#lookups },
    }
  }

  #lookCloser(entry: CacheEntry<Res>, wanted: Shareable<Req, Res>, now: number): Promise<Res> {
    const { key, ctx } = wanted
    const age = entry.ageAt(now)
    if (age === 'expired') return this.#miss(wanted)
    if (age === 'last_resort' && entry.retryAt === undefined) return this.#missUnlessBadDay(entry, wanted)
    const isDue = age !== 'fresh' || entry.isDrawn(now, this.#random)
    const isRefreshed = isDue && this.#refresh(entry, wanted, now)
    const fresh = isRefreshed ? 'refresh' : 'hit'
    return this.#give(entry, age === 'fresh' ? fresh : 'stale', key, ctx, now)
  }

  #give(entry: CacheEntry<Res>, result: LookupResult, key: CallKey, ctx: Context, now: number): Promise<Res> {
    this.#count(result, key, ctx, now - entry.storedAt)
    return entry.answer
  }

  #miss(wanted: Shareable<Req, Res>): Promise<Res> {
    this.#count('miss', wanted.key, wanted.ctx, undefined)
    return this.#calls.join(wanted)
  }

  #missUnlessBadDay(entry: CacheEntry<Res>, wanted: Shareable<Req, Res>): Promise<Res> {
    const { key, ctx } = wanted
    return this.#calls.join(wanted, true).then(
      (response) => {
        this.#count('miss', key, ctx, undefined)
        return response
      },
      (thrown) => {
        const now = ctx.clock.now()
        const isBadDay = badDays.has(ServiceError.from(thrown).code) && !ctx.aborted
        // It may have been deleted meanwhile.
        if (isBadDay && this.#entries.get(key) === entry && entry.ageAt(now) !== 'expired')
          return this.#give(entry, 'stale', key, ctx, now)
        this.#count('miss', key, ctx, undefined)
        throw thrown
      },
    )
  }

  #refresh(entry: CacheEntry<Res>, wanted: Shareable<Req, Res>, now: number): boolean {
    if (entry.retryAt !== undefined && now < entry.retryAt) return false
    const timeoutMs = this.#refreshTimeoutMs ?? wanted.ctx.method.timeoutMs ?? defaultRefreshTimeoutMs
    return this.#calls.refresh(wanted, now + timeoutMs)
  }

  #count(result: LookupResult, key: CallKey, ctx: Context, ageMs: number | undefined): void {
    this.#lookups[result]++
    if (this.#onLookup !== undefined) tell(this.#onLookup, { ctx, key, result, ageMs })
  }
}
