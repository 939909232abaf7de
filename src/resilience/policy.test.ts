// Tests of what policy.ts promises of all policies.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventLoopPressure } from '../platform/event-loop.ts'
import { adaptiveLimit } from './adaptive-limit.ts'
import { aimd } from './aimd.ts'
import { bulkhead } from './bulkhead.ts'
import { cache } from './cache.ts'
import { circuitBreaker } from './circuit-breaker.ts'
import { coalesce } from './coalesce.ts'
import { fallback } from './fallback.ts'
import { fault } from './fault.ts'
import { hedge } from './hedge.ts'
import { loadShed } from './load-shed.ts'
import { rateLimit } from './rate-limit.ts'
import { retry } from './retry.ts'
import { timeout } from './timeout.ts'
import { vegas } from './vegas.ts'

const key = () => 'a'
using pressure = eventLoopPressure({ times: null })

/** Each by default, and with all that can be without a limit. */
const policies: Readonly<Record<string, { snapshot(): unknown }>> = {
  timeout: timeout(),
  'timeout of a function': timeout({ timeoutMs: () => Infinity }),
  retry: retry(),
  'retry without a limit': retry({ budget: false, maxRetryAfterMs: Infinity }),
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

describe('a snapshot', () => {
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
