import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { rootContext } from '../../core/context.ts'
import { ServiceError } from '../../core/errors.ts'
import { type RateLimitHarness, rateLimitCases } from '../../testing/conformance/rate-limit.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import type { RefusedEvent, StoreErrorEvent } from '../policy.ts'
import { type FlexibleLimiter, type FlexibleRateLimitOptions, flexibleRateLimit } from './rate-limit.ts'

const can = { keys: true, weights: true, retryAfter: true, most: true }
const harness: RateLimitHarness = {
  can,
  limit: ({ calls, ...wanted }) => flexibleRateLimit(new RateLimiterMemory({ points: calls, duration: 3_600 }), wanted),
}

const broken = new Error('ECONNREFUSED')
const failing: FlexibleLimiter = { points: 1, consume: () => Promise.reject(broken) }
const hanging: FlexibleLimiter = { points: 1, consume: () => new Promise(() => {}) }

function limited(limiter: FlexibleLimiter, given: FlexibleRateLimitOptions<string> = {}) {
  const clock = manualClock()
  const onRefused = recorder<RefusedEvent>()
  const onStoreError = recorder<StoreErrorEvent>()
  const policy = flexibleRateLimit(limiter, { onRefused, onStoreError, ...given })
  const endpoint = policy(async (request: string) => request)
  const call = (deadlineAt = Infinity) => endpoint('ran', rootContext({ clock, deadlineAt }))
  return { clock, policy, endpoint, call, onRefused, onStoreError }
}

describe('flexibleRateLimit', () => {
  for (const { name, run } of rateLimitCases(can)) it(name, () => run(harness))

  it('lets calls run when the store fails, tells of it, and counts what fails in a row', async () => {
    let isBroken = true
    const { call, policy, onStoreError } = limited({ consume: async () => isBroken && Promise.reject(broken) })
    assert.equal(await call(), 'ran')
    assert.equal(await call(), 'ran')
    assert.deepEqual(onStoreError.events, [
      { policy: 'rate_limit', error: broken, failures: 1 },
      { policy: 'rate_limit', error: broken, failures: 2 },
    ])
    assert.equal(policy.snapshot().storeFailures, 2)
    isBroken = false
    await call()
    assert.equal(policy.snapshot().storeFailures, 0)
  })

  it('refuses calls when the store fails, where that is wanted', async () => {
    const { call, onRefused, policy } = limited(failing, { ifStoreFails: 'refuse' })
    const error = await call().catch((thrown: unknown) => thrown)
    assert.ok(error instanceof ServiceError)
    assert.deepEqual([error.code, error.retry, error.cause], ['unavailable', 'safe', broken])
    assert.equal(onRefused.events[0]?.error, error)
    assert.deepEqual([policy.snapshot().refused, policy.snapshot().allowed], [1, 0])
  })

  it('waits for a store that hangs no longer than it may, nor than the call lasts', async () => {
    const { call, clock, policy, onStoreError } = limited(hanging, { timeoutMs: 200 })
    const patient = call()
    const hurried = call(100)
    const rejected = assert.rejects(hurried, { code: 'deadline_exceeded' })
    assert.equal(policy.snapshot().waiting, 2)
    await clock.advance(100)
    await rejected
    await clock.advance(100)
    assert.equal(await patient, 'ran')
    assert.equal(onStoreError.events.length, 1)
    assert.equal(policy.snapshot().waiting, 0)
    assert.equal(clock.pending, 0)
  })

  it('has no limit of its own for a limiter that delays calls itself', async () => {
    const { call, clock } = limited({ ...hanging, execEvenly: true })
    let settled = false
    call().then(
      () => {
        settled = true
      },
      () => {},
    )
    await clock.advance(60_000)
    assert.equal(settled, false)
  })

  it('refuses options that make no sense', () => {
    assert.throws(() => flexibleRateLimit(failing, { ifStoreFails: 'wait' as never }), /must be one of allow, refuse/)
    assert.throws(() => flexibleRateLimit(failing, { timeoutMs: 0 }), /timeoutMs must be a number from 1/)
  })
})
