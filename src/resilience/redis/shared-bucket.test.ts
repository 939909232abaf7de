import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PlayedRedis } from '../../../test/resilience/played-redis.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { LeaseStore } from './lease-store.ts'
import { SharedBucket, type SharedBucketSettings } from './shared-bucket.ts'

function fleet(count: number, given: Partial<SharedBucketSettings> = {}) {
  const clock = manualClock({ startAt: 1_000 })
  const redis = new PlayedRedis(clock)
  const keys = ['{k}', '{k}:processes'] as const
  const all = Array.from({ length: count }, (_, n) => {
    const store = new LeaseStore({ client: redis.send, timeoutMs: 100, delayMs: () => 250, onError: undefined })
    const settings: SharedBucketSettings = {
      rate: { perSecond: 100, burst: 20 },
      store,
      member: `m${n}`,
      leaseMs: 100,
      timeoutMs: 100,
      localShareRatio: undefined,
      random: () => 0.5,
      processes: 1,
      ...given,
    }
    return settings
  })
  const buckets = all.map((settings) => new SharedBucket(keys, settings))
  const take = (of: SharedBucket | undefined, weight = 1) => of?.take(clock.now(), weight, clock)
  return { clock, redis, buckets, take, one: buckets[0] as SharedBucket, settings: all[0] as SharedBucketSettings }
}

describe('SharedBucket', () => {
  it('lets the first calls in on credit, which is charged with the next trip', async () => {
    const { one, take, redis, clock } = fleet(1)
    assert.equal(take(one), true)
    assert.equal(take(one), true)
    await clock.settle()
    assert.equal(one.left, 0, 'the one that was granted has paid for the second call')
    assert.equal(redis.tokens('{k}'), 20 - 2)
    assert.equal(take(one), true)
    await clock.settle()
    const left = one.left + (redis.tokens('{k}') ?? 0)
    assert.equal(left, 20 - 3)
  })

  it('hands out what it has leased without a trip, and asks before it runs out', async () => {
    const { one, take, redis, clock } = fleet(1)
    for (let n = 0; n < 200; n++) {
      take(one)
      await clock.advance(20)
    }
    const trips = redis.commands.length
    assert.ok(trips < 90, `${trips} trips for 200 calls of 5 a lease`)
    for (let n = 0; n < 50; n++) {
      assert.ok(one.left > 0, 'there is always one more')
      assert.equal(take(one), true)
      await clock.advance(20)
    }
  })

  it('refuses when Redis has said that there is nothing, and knows until when', async () => {
    const { one, take, clock } = fleet(1)
    let admitted = 0
    for (let n = 0; n < 100; n++) {
      if (take(one)) admitted++
      await clock.settle()
    }
    assert.equal(admitted, 20)
    const waitMs = one.waitMs(clock.now(), 1)
    assert.ok(waitMs > 0 && waitMs <= 100, `${waitMs} ms`)
    assert.ok(one.waitMs(clock.now(), 20) >= 200)
  })

  it('has no more than its share on credit, of the processes that are known', async () => {
    const { buckets, one, take, clock, redis } = fleet(4)
    for (const bucket of buckets) take(bucket)
    await clock.advance(1_000)
    for (const bucket of buckets) take(bucket)
    await clock.settle()
    assert.equal(one.processes, 4)
    redis.state = 'hangs'
    await clock.advance(1_000)
    let admitted = 0
    for (let n = 0; n < 100; n++) if (take(one)) admitted++
    assert.ok(admitted <= 20 / 4 + 2, `${admitted} at once`)
    await clock.advance(100)
    const before = admitted
    for (let ms = 0; ms < 4_000; ms += 10) {
      if (take(one)) admitted++
      await clock.advance(10)
    }
    assert.equal(Math.round((admitted - before) / 4 / 5) * 5, 25, 'a fourth of 100 a second')
  })

  it('has the share that it is told', async () => {
    const { one, take, redis } = fleet(1, { localShareRatio: 0.1 })
    redis.state = 'refuses'
    assert.deepEqual([take(one), take(one), take(one)], [true, true, false])
  })

  it('asks for nothing while it finds out whether Redis is back', async () => {
    const { one, take, redis, clock } = fleet(1)
    redis.state = 'refuses'
    take(one)
    await clock.advance(250)
    redis.restart()
    take(one)
    await clock.settle()
    assert.equal(redis.tokens('{k}'), 20, 'nothing was taken, nor charged')
    take(one)
    await clock.settle()
    assert.ok((redis.tokens('{k}') ?? 20) < 20)
  })

  it('takes no second burst from a Redis that has lost its data', async () => {
    const { one, take, redis, clock } = fleet(1)
    take(one)
    await clock.settle()
    redis.restart()
    for (let n = 0; n < 5; n++) {
      take(one)
      await clock.settle()
    }
    assert.ok((redis.tokens('{k}') ?? 1) <= 0)
  })

  it('gives back what it did not use', async () => {
    const { one, take, redis, clock } = fleet(1)
    for (let n = 0; n < 10; n++) {
      take(one)
      await clock.settle()
    }
    assert.ok(one.left > 0)
    await clock.advance(5_000)
    take(one)
    await clock.settle()
    await one.leave(clock)
    assert.equal(one.left, 0)
    assert.equal(redis.tokens('{k}'), 19)
    assert.equal(redis.processes('{k}'), 0)
  })

  it('gives a heavy call what it needs, once it has asked for it', async () => {
    const { one, take, clock } = fleet(1, { localShareRatio: 0.05 })
    assert.equal(take(one, 15), false)
    await clock.settle()
    assert.equal(take(one, 15), true)
  })

  it('goes by another rate from when it is told', async () => {
    const { one, take, redis, clock, settings } = fleet(1)
    redis.state = 'refuses'
    settings.rate = { perSecond: 1, burst: 3 }
    one.change(clock.now())
    assert.deepEqual([take(one), take(one), take(one), take(one)], [true, true, true, false])
    assert.equal(one.waitMs(clock.now(), 1), 1_000)
  })
})
