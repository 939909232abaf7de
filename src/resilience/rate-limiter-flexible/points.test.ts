import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RateLimiterMemory, RateLimiterRes, RateLimiterUnion } from 'rate-limiter-flexible'
import { manualClock } from '../../testing/manual-clock.ts'
import { type FlexibleLimiter, Points } from './points.ts'

const clock = manualClock()
const take = (limiter: FlexibleLimiter) => new Points(limiter, 100).take('key', 1, clock)
const rejecting = (thrown: unknown) => take({ consume: () => Promise.reject(thrown) })

describe('Points', () => {
  it('takes them where there are some', async () => {
    assert.deepEqual(await take(new RateLimiterMemory({ points: 1, duration: 60 })), {})
    assert.equal(clock.pending, 0)
  })

  it('says for how long there are none', async () => {
    const limiter = new RateLimiterMemory({ points: 1, duration: 60 })
    await limiter.consume('key')
    const { waitMs = 0, ...rest } = await take(limiter)
    assert.ok(waitMs > 1_000 && waitMs <= 60_000, `${waitMs} ms`)
    assert.deepEqual(rest, {})
    assert.deepEqual(await rejecting(new RateLimiterRes(0, -1)), { waitMs: Infinity })
  })

  it('waits for the longest of several', async () => {
    const [short, long] = [1, 100].map(
      (duration) => new RateLimiterMemory({ keyPrefix: `of ${duration} s`, points: 1, duration }),
    ) as [RateLimiterMemory, RateLimiterMemory]
    const union = new RateLimiterUnion(short, long)
    await union.consume('key')
    const { waitMs = 0 } = await take(union)
    assert.ok(waitMs > 10_000 && waitMs <= 100_000, `${waitMs} ms`)
  })

  it('takes whatever else is thrown for a failure of the store', async () => {
    const broken = new Error('ECONNREFUSED')
    assert.deepEqual(await rejecting(broken), { error: broken })
    for (const odd of [undefined, null, 'text', {}, { msBeforeNext: 'soon' }, { a: null }])
      assert.deepEqual(await rejecting(odd), { error: odd })
    const thrown = new Error('at once')
    const throwing: FlexibleLimiter = {
      consume() {
        throw thrown
      },
    }
    assert.deepEqual(await take(throwing), { error: thrown })
  })

  it('asks for each of many at once, also where the limiter is slow or delays them', async () => {
    for (const timeoutMs of [100, Infinity]) {
      let left = 1_500
      const limiter = {
        consume: async () => {
          await clock.sleep(50)
          if (left-- <= 0) throw new RateLimiterRes(0, 1_000)
        },
      }
      const points = new Points(limiter, timeoutMs)
      const taking = Promise.all(Array.from({ length: 3_000 }, () => points.take('key', 1, clock)))
      await clock.advance(50)
      assert.equal((await taking).filter(({ waitMs }) => waitMs === 1_000).length, 1_500)
      assert.equal(clock.pending, 0)
    }
  })

  it('waits no longer than it may, and asks a store that hangs only now and then', async () => {
    let asked = 0
    const gates: PromiseWithResolvers<unknown>[] = []
    const points = new Points(
      {
        consume: () => {
          asked++
          const gate = Promise.withResolvers<unknown>()
          gates.push(gate)
          return gate.promise
        },
      },
      100,
    )
    const taken = Array.from({ length: 1_200 }, () => points.take('key', 1, clock))
    assert.equal(asked, 1_200)
    await clock.advance(100)
    assert.match(String((await taken[0])?.error), /did not answer within 100ms/)
    const probing = points.take('key', 1, clock)
    assert.match(String((await points.take('key', 1, clock)).error), /has not answered for long/)
    assert.equal(asked, 1_201)
    for (const gate of gates) gate.resolve(undefined)
    assert.deepEqual(await probing, {})
    const [one, other] = [points.take('key', 1, clock), points.take('key', 1, clock)]
    assert.equal(asked, 1_203)
    for (const gate of gates) gate.resolve(undefined)
    assert.deepEqual(await Promise.all([one, other]), [{}, {}])
    assert.equal(clock.pending, 0)
  })
})
