import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Context, rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { type Kind, noMethod } from '../core/method.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import type { RefusedEvent } from './policy.ts'
import { type RateLimitOptions, rateLimit } from './rate-limit.ts'

/** A limited endpoint that says at which moment it was called, and calls to it. */
function limited(options: RateLimitOptions<string>) {
  const clock = manualClock()
  const policy = rateLimit(options)
  const endpoint = policy(async (_: string, ctx: Context) => ctx.clock.now())
  const call = (request = '', deadlineAt = Infinity) => endpoint(request, rootContext({ clock, deadlineAt }))
  return { clock, policy, endpoint, call }
}

function refusedWith(expected: { readonly retryAfterMs?: number | undefined; readonly retry?: string }) {
  return (error: unknown) => {
    assert.ok(error instanceof ServiceError)
    assert.equal(error.code, 'resource_exhausted')
    assert.deepEqual(
      { retry: error.retry, retryAfterMs: error.retryAfterMs },
      { retry: 'safe', retryAfterMs: undefined, ...expected },
    )
    return true
  }
}

describe('rateLimit', () => {
  it('lets the burst in at once, refuses what is above it, and says when it would be let in', async () => {
    const { clock, call } = limited({ perSecond: 10, burst: 2 })
    assert.deepEqual(await Promise.all([call(), call()]), [0, 0])
    await assert.rejects(call(), { message: 'the rate limit is reached' })
    await clock.advance(30)
    await assert.rejects(call(), refusedWith({ retryAfterMs: 70 }))
    await clock.advance(70)
    assert.equal(await call(), 100)
  })

  it('has a burst of what comes in a second, at least 1', async () => {
    assert.equal(rateLimit({ perSecond: 2.5 }).snapshot().burst, 3)
    assert.equal(rateLimit({ perSecond: 0.1 }).snapshot().burst, 1)
    assert.equal(rateLimit({ perSecond: Infinity }).snapshot().burst, undefined)
  })

  it('gives what the endpoint gives, in no more promises than it made', async () => {
    const ctx = rootContext({ clock: manualClock() })
    const response = Promise.resolve('response')
    assert.equal(rateLimit({ perSecond: 1 })(() => response)('', ctx), response)
    const failing = rateLimit({ perSecond: 10 })(() => {
      throw new Error('broken')
    })
    await assert.rejects(failing('', ctx), /broken/)
  })

  it('is one limit for all that it wraps', async () => {
    const { policy, call } = limited({ perSecond: 1, burst: 1 })
    await call()
    const other = policy(async () => 'other')
    await assert.rejects(other('', rootContext({ clock: manualClock() })), refusedWith({ retryAfterMs: 1_000 }))
  })

  it('takes one token for a call of any kind when it begins, and none for its messages', async () => {
    for (const kind of ['unary', 'serverStream', 'clientStream', 'bidiStream'] satisfies Kind[]) {
      const clock = manualClock()
      const policy = rateLimit({ perSecond: 1, burst: 1 })
      const ctx = rootContext({ clock, method: { ...noMethod, kind } })
      async function* three() {
        yield* [1, 2, 3]
      }
      const sends = kind === 'clientStream' || kind === 'bidiStream'
      const endpoint = policy(async (request: unknown) => (sends ? request : three()))
      const messages: number[] = []
      for await (const message of (await endpoint(three(), ctx)) as AsyncIterable<number>) messages.push(message)
      assert.deepEqual(messages, [1, 2, 3])
      assert.equal(policy.snapshot().allowed, 1)
      await assert.rejects(endpoint(three(), ctx), refusedWith({ retryAfterMs: 1_000 }))
    }
  })

  it('counts a call for its weight, and refuses for good what weighs more than the burst', async () => {
    const { call, policy } = limited({ perSecond: 10, burst: 5, weight: Number, maxWaitMs: 1_000 })
    assert.equal(await call('0.5'), 0)
    assert.equal(await call('4'), 0)
    assert.equal(await call('0'), 0)
    assert.equal(policy.snapshot().tokens, 0.5)
    await assert.rejects(call('6'), (error: unknown) => {
      assert.ok(refusedWith({ retry: 'never' })(error))
      assert.match(String(error), /the call counts for 6, and the rate limit lets in no more than 5 at once/)
      return true
    })
    for (const bad of ['-1', 'NaN', 'Infinity']) await assert.rejects(call(bad), /weight must be a number from 0/)
  })

  it('has a limit for each key', async () => {
    const { call, policy } = limited({ perSecond: 1, burst: 1, key: (tenant) => tenant, maxKeys: 2 })
    await call('a')
    await assert.rejects(call('a'), refusedWith({ retryAfterMs: 1_000 }))
    await call('b')
    const { tokens, keys, allowed, refused } = policy.snapshot()
    assert.deepEqual({ tokens, keys, allowed, refused }, { tokens: undefined, keys: 2, allowed: 2, refused: 1 })
    await call('c')
    assert.equal(policy.snapshot().keys, 2)
  })

  it('has calls wait in the order they came, with one timer, and no longer than they may', async () => {
    const { call, clock, policy } = limited({ perSecond: 10, burst: 1, maxWaitMs: 300 })
    const calls = [call(), call(), call(), call()]
    await assert.rejects(call(), refusedWith({ retryAfterMs: 400 }))
    assert.deepEqual([policy.snapshot().waiting, clock.pending], [3, 1])
    await clock.advance(300)
    assert.deepEqual(await Promise.all(calls), [0, 100, 200, 300])
    const { waiting, allowed, refused } = policy.snapshot()
    assert.deepEqual({ waiting, allowed, refused }, { waiting: 0, allowed: 4, refused: 1 })
    assert.equal(clock.pending, 0)
  })

  it('waits in whole thirds of a second too', async () => {
    const { call, clock } = limited({ perSecond: 3, burst: 1, maxWaitMs: 1_000 })
    const calls = [call(), call(), call(), call()]
    await clock.runAll()
    const times = await Promise.all(calls)
    assert.ok([0, 1_000 / 3, 2_000 / 3, 1_000].every((at, i) => Math.abs(at - (times[i] ?? NaN)) < 1e-5))
  })

  it('has no more wait than the queue holds, of all keys together', async () => {
    const { call, policy } = limited({
      perSecond: 1,
      burst: 1,
      maxWaitMs: 60_000,
      maxQueue: 2,
      key: (tenant) => tenant,
    })
    for (const key of ['a', 'b', 'c']) await call(key)
    const waiting = [call('a'), call('b')]
    await assert.rejects(call('c'), refusedWith({ retryAfterMs: 1_000 }))
    assert.equal(policy.snapshot().waiting, waiting.length)
  })

  it('refuses at once what would be let in at its deadline or later', async () => {
    const { call, clock } = limited({ perSecond: 10, burst: 1, maxWaitMs: 1_000 })
    await call()
    await assert.rejects(call('', 100), refusedWith({ retryAfterMs: 100 }))
    const intime = call('', 101)
    await assert.rejects(call('', 150), refusedWith({ retryAfterMs: 200 }))
    await clock.advance(1_000)
    assert.equal(await intime, 100)
    assert.equal(clock.pending, 0)
  })

  it('lets a caller go that is called off, and those behind move up', async () => {
    const { call, clock, endpoint, policy } = limited({ perSecond: 10, burst: 1, maxWaitMs: 1_000 })
    await call()
    const ctx = rootContext({ clock })
    const leaving = assert.rejects(endpoint('', ctx), { code: 'canceled' })
    const staying = call()
    ctx.cancel()
    await leaving
    assert.equal(policy.snapshot().waiting, 1)
    await clock.advance(1_000)
    assert.equal(await staying, 100)
    await assert.rejects(Promise.all([call(), endpoint('', ctx)]), { code: 'canceled' })
    assert.equal(clock.pending, 0)
  })

  it('rejects a call that has waited when the endpoint throws', async () => {
    const { clock, policy } = limited({ perSecond: 10, burst: 1, maxWaitMs: 1_000 })
    const throwing = policy(() => {
      throw new Error('broken')
    })
    const ctx = rootContext({ clock })
    const both = [throwing('', ctx), throwing('', ctx)].map((promise) => assert.rejects(promise, /broken/))
    await clock.advance(100)
    await Promise.all(both)
  })

  it('can be changed while it runs, for those who wait too', async () => {
    const { call, clock, policy } = limited({ perSecond: 1, burst: 1, maxWaitMs: 10_000 })
    policy.change({ burst: 2 })
    assert.equal(policy.snapshot().tokens, 1)
    await call()
    const waiting = call()
    policy.change({ perSecond: 100 })
    await clock.advance(10)
    assert.equal(await waiting, 10)
    const refused = assert.rejects(call(), refusedWith({}))
    policy.change({ perSecond: 0 })
    await refused
    policy.change({ perSecond: Infinity })
    assert.equal(await call(), 10)
    assert.throws(() => policy.change({ perSecond: 5, burst: 0.5 }), /burst must be an integer from 0/)
    const { perSecond, burst } = policy.snapshot()
    assert.deepEqual([perSecond, burst, clock.pending], [undefined, 2, 0])
  })

  it('tells of what it refuses, whatever the listener does', async () => {
    const onRefused = recorder<RefusedEvent>()
    const { call } = limited({ perSecond: 1, burst: 1, onRefused })
    await call()
    const error = await call().catch((thrown: unknown) => thrown)
    assert.deepEqual(
      onRefused.events.map((event) => [event.policy, event.error === error, event.ctx.aborted]),
      [['rate_limit', true, false]],
    )
  })

  it('shows its settings and its state as plain data', async () => {
    const { call, clock, policy } = limited({ perSecond: 10, burst: 4 })
    await call()
    await clock.advance(50)
    assert.deepEqual(JSON.parse(JSON.stringify(policy.snapshot())), {
      perSecond: 10,
      burst: 4,
      maxKeys: 10_000,
      maxWaitMs: 0,
      maxQueue: 1_000,
      tokens: 3.5,
      keys: 0,
      waiting: 0,
      allowed: 1,
      refused: 0,
    })
  })

  it('refuses options that make no sense', () => {
    const refuses = (options: Partial<RateLimitOptions>, message: RegExp) =>
      assert.throws(() => rateLimit({ perSecond: 1, ...options }), message)
    refuses({ perSecond: -1 }, /perSecond must be a number from 0/)
    refuses({ perSecond: NaN }, /perSecond must be a number from 0/)
    refuses({ burst: 1.5 }, /burst must be an integer from 0/)
    refuses({ maxKeys: 0 }, /maxKeys must be an integer from 1/)
    refuses({ maxKeys: Infinity }, /maxKeys must be an integer from 1 to 8388608/)
    refuses({ maxWaitMs: Infinity }, /maxWaitMs must be a number from 0/)
    refuses({ maxQueue: 0 }, /maxQueue must be an integer from 1/)
  })

  it('refuses so that a call which comes back after retryAfterMs is let in', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.1, max: 10_000, noNaN: true }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { minLength: 5, maxLength: 30, size: 'max' }),
        async (perSecond, burst, pausesMs) => {
          const { call, clock, policy } = limited({ perSecond, burst })
          for (const pauseMs of pausesMs) {
            await clock.advance(pauseMs)
            const error = await call().then(undefined, (thrown: ServiceError) => thrown)
            if (typeof error !== 'object') continue
            await clock.advance(error.retryAfterMs ?? NaN)
            await call()
          }
          assert.ok(policy.snapshot().allowed >= pausesMs.length)
        },
      ),
      { numRuns: 50 },
    )
  })
})
