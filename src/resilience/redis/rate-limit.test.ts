import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PlayedRedis } from '../../../test/resilience/played-redis.ts'
import { type Context, rootContext } from '../../core/context.ts'
import { type Random, seededRandom } from '../../primitives/random.ts'
import { type ManualClock, manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import type { StoreErrorEvent } from '../policy.ts'
import { type RedisRateLimitOptions, redisRateLimit } from './rate-limit.ts'

type Given = Partial<RedisRateLimitOptions<string>>

function limited(given: Given = {}) {
  const clock = manualClock({ startAt: 1_000 })
  const redis = new PlayedRedis(clock)
  const onStoreError = recorder<StoreErrorEvent>()
  const options = { name: 'orders', perSecond: 10, burst: 4, random: seededRandom(1), clock, onStoreError }
  const policy = redisRateLimit<string>({ client: redis.send, ...options, ...given })
  const endpoint = policy(async (request: string, _: Context) => request)
  const call = async (request = 'a') => {
    const done = endpoint(request, rootContext({ clock }))
    done.catch(() => {})
    await clock.settle()
    return done
  }
  return { clock, redis, policy, call, onStoreError }
}

/** Processes that share a limit and have more calls than it lets in, by chance. */
function crowd(given: Given & { readonly processes: number; readonly callsPerSecond: number }) {
  const clock = manualClock({ startAt: 1_000 })
  const redis = new PlayedRedis(clock)
  redis.latencyMs = 0.5
  const admitted: number[] = []
  const { processes, callsPerSecond, ...options } = given
  const policies = Array.from({ length: processes }, (_, n) =>
    redisRateLimit({ client: redis.send, name: 'crowd', perSecond: 500, random: seededRandom(n), ...options }),
  )
  policies.forEach((policy, n) => {
    const endpoint = policy(async () => void admitted.push(clock.now()))
    comeByChance(clock, callsPerSecond / processes, seededRandom(`calls ${n}`), () => {
      endpoint('', rootContext({ clock })).catch(() => {})
    })
  })
  /** How many are let in within a time from now. */
  const admits = async (ms: number) => {
    const before = admitted.length
    await clock.advance(ms)
    return admitted.length - before
  }
  const trips = () => policies.reduce((sum, policy) => sum + policy.snapshot().trips, 0)
  return { clock, redis, policies, admits, trips }
}

function comeByChance(clock: ManualClock, perSecond: number, random: Random, come: () => void): void {
  const again = () => {
    come()
    clock.schedule((-Math.log(1 - random()) * 1_000) / perSecond, again)
  }
  clock.schedule(random() * 10, again)
}

describe('redisRateLimit', () => {
  it('keeps to the limit that all processes have together, and uses it up', async () => {
    for (const [processes, perSecond, burst] of [
      [20, 500, 50],
      [20, 1_000, 10],
      [100, 100, 100],
      [3, 20, 20],
    ] as const) {
      const { admits, trips } = crowd({ processes, perSecond, burst, callsPerSecond: 4 * perSecond })
      await admits(2_000)
      const before = trips()
      const admitted = await admits(5_000)
      const ratio = admitted / (5 * perSecond)
      assert.ok(ratio > 0.95 && ratio < 1.05, `${processes} processes used ${ratio} of ${perSecond} a second`)
      assert.ok((trips() - before) / 5 / processes < 15, 'trips a second of each process')
    }
  })

  it('lets each process have what it needs, of what there is', async () => {
    const { admits, policies } = crowd({ processes: 10, perSecond: 1_000, callsPerSecond: 900 })
    await admits(2_000)
    const before = policies.map((policy) => policy.snapshot().refused)
    await admits(5_000)
    const refused = policies.reduce((sum, policy, n) => sum + policy.snapshot().refused - (before[n] ?? 0), 0)
    assert.ok(refused < 90, `${refused} of 4500`)
  })

  it('goes on with shares of the limit when Redis goes, and together again when it is back, without a storm', async () => {
    for (const state of ['hangs', 'refuses'] as const) {
      const { admits, trips, redis, policies } = crowd({ processes: 10, callsPerSecond: 2_000, burst: 50 })
      await admits(2_000)
      redis.state = state
      await admits(1_000)
      const before = trips()
      const away = (await admits(10_000)) / (10 * 500)
      assert.ok(away > 0.9 && away < 1.05, `${away} of the limit while Redis ${state}`)
      assert.ok(trips() - before <= 10 * 5, `${trips() - before} trips of 10 processes in 10 s`)
      redis.restart()
      await admits(12_000)
      assert.ok(policies.every((policy) => policy.snapshot().storeFailures === 0))
      const back = (await admits(3_000)) / (3 * 500)
      assert.ok(back > 0.95 && back < 1.05, `${back} of the limit when it was back`)
    }
  })

  it('never makes a call wait', async () => {
    const { policy, redis, clock } = limited()
    redis.state = 'hangs'
    const response = Promise.resolve('the same promise')
    assert.equal(policy(() => response)('', rootContext({ clock })), response)
  })

  it('tells of trips that failed, and shows it', async () => {
    const { call, redis, clock, onStoreError, policy } = limited()
    redis.state = 'refuses'
    await call()
    assert.deepEqual(
      onStoreError.events.map(({ policy: of, failures, error }) => [of, failures, String(error)]),
      [['rate_limit', 1, 'Error: ECONNREFUSED']],
    )
    assert.equal(policy.snapshot().storeFailures, 1)
    redis.restart()
    await clock.advance(500)
    await call()
    assert.equal(policy.snapshot().storeFailures, 0)
  })

  it('has a bucket for each key, in one slot with those who take from it, and forgets idle ones', async () => {
    const { call, redis, policy } = limited({ key: (tenant) => tenant, maxKeys: 2, prefix: 'p:' })
    for (const tenant of ['a', 'b', 'c', 'a']) await call(tenant)
    assert.equal(policy.snapshot().keys, 2)
    assert.ok(redis.tokens('p:{orders:c}') !== undefined)
    assert.equal(redis.processes('p:{orders:b}'), 1)
    await assert.rejects(call(null as never), TypeError)
    assert.equal(policy.snapshot().tokens, undefined)
  })

  it('changes its rate while it runs', async () => {
    const { call, policy, clock } = limited()
    policy.change({ perSecond: 0 })
    await assert.rejects(call(), { code: 'resource_exhausted', retryAfterMs: undefined })
    policy.change({ perSecond: Infinity })
    const before = policy.snapshot().trips
    for (let n = 0; n < 100; n++) await call()
    assert.equal(policy.snapshot().trips, before)
    policy.change({ perSecond: 1, burst: 1 })
    await clock.advance(1_000)
    await Promise.allSettled(Array.from({ length: 20 }, () => call()))
    assert.ok(policy.snapshot().allowed <= 104)
    assert.throws(() => policy.change({ perSecond: -1 }), RangeError)
    assert.equal(policy.snapshot().perSecond, 1)
  })

  it('gives back what is left when it is closed, makes no trip after that, and refuses nobody for it', async () => {
    const { call, policy, redis, clock } = limited()
    for (let n = 0; n < 2; n++) await call()
    await policy[Symbol.asyncDispose]()
    assert.equal(redis.processes('servicekit:rate:{orders}'), 0)
    const trips = redis.commands.length
    await clock.advance(10_000)
    assert.equal(await call('later'), 'later')
    assert.equal(redis.commands.length, trips)
    assert.equal(clock.pending, 0)
  })

  it('closes soon whatever Redis does, and holds the process until then', async (t) => {
    const { call, policy, redis, clock } = limited()
    await call()
    redis.state = 'hangs'
    const { mock } = t.mock.method(clock, 'schedule')
    const closed = policy[Symbol.asyncDispose]()
    const [closing] = mock.calls.filter((each) => each.arguments[0] === 1_000)
    assert.notEqual(closing, undefined)
    assert.notEqual(closing?.arguments[2]?.background, true)
    await clock.advance(1_000)
    await closed
    assert.equal(policy[Symbol.asyncDispose](), policy[Symbol.asyncDispose]())
    assert.equal(clock.pending, 0)
  })

  it('refuses options that make no sense', () => {
    const client = async () => []
    const wrong: readonly (readonly [Given, RegExp])[] = [
      [{ perSecond: -1 }, /perSecond must be a number from 0/],
      [{ burst: 0.5 }, /burst must be an integer/],
      [{ name: '' }, /name must be a text/],
      [{ leaseMs: 0 }, /leaseMs must be a number from 1 to 60000/],
      [{ timeoutMs: 0 }, /timeoutMs must be a number from 1 to 60000/],
      [{ localShareRatio: 2 }, /localShareRatio must be a number above 0, at most 1/],
      [{ maxKeys: 0 }, /maxKeys must be an integer from 1/],
      [{ backoff: { maxMs: -1 } }, /maxMs must be a number from 0/],
      [{ client: {} as never }, /client must be/],
    ]
    for (const [given, message] of wrong)
      assert.throws(() => redisRateLimit({ client, name: 'x', perSecond: 1, ...given }), message)
  })
})
