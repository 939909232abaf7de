// Tests of what policy.ts promises of all policies.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventLoopPressure } from '../platform/event-loop.ts'
import { type AdaptiveLimitOptions, adaptiveLimit } from './adaptive-limit.ts'
import { aimd } from './aimd.ts'
import { type BulkheadOptions, bulkhead } from './bulkhead.ts'
import { type CacheOptions, cache } from './cache.ts'
import { type CircuitBreakerOptions, circuitBreaker } from './circuit-breaker.ts'
import { coalesce } from './coalesce.ts'
import { fallback } from './fallback.ts'
import { fault } from './fault.ts'
import { type HedgeOptions, hedge } from './hedge.ts'
import { type LoadShedOptions, loadShed } from './load-shed.ts'
import { type RateLimitOptions, rateLimit } from './rate-limit.ts'
import { type BackoffOptions, type RetryOptions, retry } from './retry.ts'
import { timeout } from './timeout.ts'
import { vegas } from './vegas.ts'

const key = () => 'a'
using pressure = eventLoopPressure({ times: null })

/** Each by default, and with all that can be without a limit. */
const policies: Readonly<Record<string, { snapshot(): unknown }>> = {
  timeout: timeout(),
  'timeout of a function': timeout({ timeoutMs: () => Infinity }),
  retry: retry(),
  'retry without a limit': retry({ budget: false, maxRetryAfterMs: Infinity, backoff: { multiplier: Infinity } }),
  hedge: hedge(),
  circuitBreaker: circuitBreaker(),
  'circuitBreaker without a limit': circuitBreaker({ key, consecutiveFailures: Infinity, minimumCalls: Infinity }),
  rateLimit: rateLimit({ perSecond: 1 }),
  'rateLimit without a limit': rateLimit({ perSecond: Infinity, maxKeys: Infinity, maxQueue: Infinity }),
  bulkhead: bulkhead(),
  adaptiveLimit: adaptiveLimit(),
  'adaptiveLimit by vegas': adaptiveLimit({ algorithm: vegas() }),
  'adaptiveLimit by aimd': adaptiveLimit({ algorithm: aimd() }),
  loadShed: loadShed(),
  'loadShed without a limit': loadShed({ maxSojournMs: Infinity }),
  coalesce: coalesce({ key }),
  cache: cache({ key, ttlMs: 1 }),
  'cache without a limit': cache({ key, ttlMs: Infinity, negativeTtlMs: Infinity, maxEntries: Infinity }),
  fallback: fallback({ to: () => 0 }),
  fault: fault({ delay: { ratio: 1, ms: 1 }, armed: true }),
  eventLoopPressure: pressure,
}

/** The options that are plain values: a new one is missing here until it is in the snapshot. */
type Plain<Options> = {
  [Name in keyof Options as NonNullable<Options[Name]> extends string | number | boolean ? Name : never]-?: NonNullable<
    Options[Name]
  >
}

/** Each plain option with another value than its default, and the snapshot of a policy that was made with them. */
function made<Options extends object>(
  set: Plain<Options>,
  make: (options: Options) => { snapshot(): object },
  more?: object,
): { readonly set: object; readonly seen: object } {
  return { set, seen: make({ ...set, ...more } as Options).snapshot() }
}

type WithoutWindowMs = Omit<CircuitBreakerOptions, 'windowMs'>
type WithoutDelay = Omit<HedgeOptions, 'delayMs'>

const settings: Readonly<Record<string, { readonly set: object; readonly seen: object }>> = {
  retry: made<RetryOptions>({ attempts: 4, maxRetryAfterMs: 3 }, retry),
  'the backoff of a retry': made<BackoffOptions>(
    { initialMs: 5, multiplier: 3, maxMs: 70, jitter: 'none' },
    (backoff) => ({ snapshot: () => retry({ backoff }).snapshot().backoff }),
  ),
  hedge: made<WithoutDelay>({ quantile: 0.9, minSamples: 7, hedges: 2, countsCalls: false }, hedge),
  'a hedge after a fixed time': made<HedgeOptions>(
    { delayMs: 5, hedges: 2, countsCalls: false } as Plain<HedgeOptions>,
    hedge,
  ),
  circuitBreaker: made<WithoutWindowMs>(
    {
      consecutiveFailures: 3,
      failureRatio: 0.4,
      minimumCalls: 6,
      windowCalls: 30,
      slowMs: 9,
      slowRatio: 0.7,
      openMs: 100,
      openMaxMs: 200,
      jitterRatio: 0.1,
      probes: 2,
      probeTimeoutMs: 300,
      maxKeys: 40,
    },
    (options) => ({ snapshot: () => circuitBreaker(options).snapshot().settings }),
    { key },
  ),
  rateLimit: made<RateLimitOptions>({ perSecond: 2, burst: 3, maxKeys: 4, maxWaitMs: 5, maxQueue: 6 }, rateLimit),
  bulkhead: made<BulkheadOptions>({ limit: 2, queue: 3, maxWaitMs: 4, order: 'adaptive_lifo' }, bulkhead),
  adaptiveLimit: made<AdaptiveLimitOptions>(
    {
      minLimit: 2,
      maxLimit: 30,
      initialLimit: 10,
      queue: 5,
      maxWaitMs: 60,
      order: 'adaptive_lifo',
      windowMs: 70,
      minSamples: 8,
      toleratedDropRatio: 0.2,
    },
    adaptiveLimit,
  ),
  loadShed: made<LoadShedOptions>({ maxSojournMs: 3, maxInFlightMs: 40, intervalMs: 50, retryAfterMs: 60 }, loadShed),
  cache: made<CacheOptions<unknown, unknown>>(
    {
      ttlMs: 1,
      maxEntries: 2,
      staleWhileRevalidateMs: 3,
      staleIfErrorMs: 4,
      earlyRefresh: 5,
      negativeTtlMs: 6,
      refreshTimeoutMs: 7,
      refreshPauseMs: 8,
    },
    cache,
    { key },
  ),
}

describe('a snapshot', () => {
  for (const [name, { set, seen }] of Object.entries(settings))
    it(`of ${name} has all that it is set to`, () => {
      const shown = Object.fromEntries(Object.entries(seen).filter(([option]) => Object.hasOwn(set, option)))
      assert.deepEqual(shown, set)
    })

  for (const [name, policy] of Object.entries(policies))
    it(`of ${name} is plain data that JSON carries as it is`, () => {
      const seen = policy.snapshot()
      assert.deepEqual(withoutUndefined(seen), JSON.parse(JSON.stringify(seen)))
    })
})

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined)
  if (typeof value !== 'object' || value === null) return value
  const said = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(said.map(([name, member]) => [name, withoutUndefined(member)]))
}
