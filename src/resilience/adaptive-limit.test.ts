// Tests of adaptive-limit.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Context, rootContext } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { type Criticality, criticality } from '../core/inbound.ts'
import { type MethodInfo, noMethod } from '../core/method.ts'
import { seededRandom } from '../primitives/random.ts'
import { type ManualClock, manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import { type AdaptiveLimitOptions, adaptiveLimit, type LimitChangeEvent, type WaitedEvent } from './adaptive-limit.ts'
import { aimd } from './aimd.ts'
import { gradient2 } from './gradient2.ts'
import type { LimitAlgorithm, LimitSample } from './limit-algorithm.ts'
import type { RefusedEvent } from './policy.ts'
import { vegas } from './vegas.ts'

const reached = { code: 'resource_exhausted', message: 'the concurrency limit is reached', retry: 'safe' }

/** Records its samples, and answers as it is told. */
function scriptedAlgorithm(answer: (sample: LimitSample) => number = ({ limit }) => limit) {
  const samples: LimitSample[] = []
  const algorithm: LimitAlgorithm = {
    name: 'scripted',
    update(sample) {
      samples.push(sample)
      return answer(sample)
    },
    snapshot: () => ({ samples: samples.length }),
  }
  return { algorithm, samples }
}

/** A limit before an endpoint that does what each call asks of it. Every call is a window, unless told otherwise. */
function limiting(options?: AdaptiveLimitOptions, info?: Partial<MethodInfo>) {
  const clock = manualClock()
  const policy = adaptiveLimit({ windowMs: 10, minSamples: 1, random: seededRandom('limit'), ...options })
  const call = policy((run: (ctx: Context) => Promise<unknown>, ctx) => run(ctx))
  const contextOf = (deadlineAt?: number) => rootContext({ clock, deadlineAt, method: { ...noMethod, ...info } })
  const sleep = (ms: number, ctx: Context = contextOf()) => call((inner) => inner.clock.sleep(ms), ctx)
  return { policy, clock, call, contextOf, sleep }
}

describe('adaptiveLimit', () => {
  it('tells how long each call has waited that begins, or waited in vain', async () => {
    const waits: number[] = []
    const onWaited = ({ waitedMs }: WaitedEvent) => void waits.push(waitedMs)
    const { policy, clock } = limiting({ maxLimit: 1, queue: 2, maxWaitMs: 50, onWaited })
    const call = policy(scriptedEndpoint([{ delayMs: 30 }]))
    const calls = [1, 2, 3, 4].map(() => call('', rootContext({ clock })).catch(() => {}))
    await clock.advance(100)
    await Promise.all(calls)
    assert.deepEqual(waits, [0, 30, 50])
  })

  it('begins with twenty places and no queue, and learns by gradient2 unless told otherwise', () => {
    assert.deepEqual(adaptiveLimit().snapshot(), {
      limit: 20,
      minLimit: 1,
      maxLimit: 1_000,
      initialLimit: 20,
      queue: 0,
      maxWaitMs: 1_000,
      order: 'fifo',
      windowMs: 100,
      minSamples: 10,
      toleratedDropRatio: 0.05,
      inFlight: 0,
      partitions: { all: { shareRatio: 1, limit: 20, inFlight: 0, waiting: 0, admitted: 0, refused: 0, left: 0 } },
      algorithm: { name: 'gradient2', gradient: 1, durationMs: 0, baselineMs: 0 },
    })
    assert.equal(adaptiveLimit({ maxLimit: 10 }).snapshot().limit, 10)
    assert.equal(adaptiveLimit({ minLimit: 2_000 }).snapshot().limit, 2_000)
  })

  it('lets as many calls through as its limit and refuses those beyond', async () => {
    const { sleep, clock, policy } = limiting({ initialLimit: 2 })
    const calls = [sleep(10), sleep(10)]
    await assert.rejects(sleep(1), reached)
    assert.equal(policy.snapshot().inFlight, 2)
    await clock.advance(10)
    await Promise.all(calls)
    assert.equal(policy.snapshot().inFlight, 0)
    assert.deepEqual(
      [policy.snapshot().partitions['all']?.admitted, policy.snapshot().partitions['all']?.refused],
      [2, 1],
    )
  })

  it('tells the algorithm how long the calls of a window took, and how many were in flight', async () => {
    const { algorithm, samples } = scriptedAlgorithm()
    const { sleep, clock } = limiting({ algorithm, minSamples: 3, initialLimit: 5 })
    const calls = [sleep(10), sleep(20), sleep(30)]
    await clock.advance(30)
    await Promise.all(calls)
    assert.deepEqual(samples, [{ at: 30, durationMs: 20, count: 3, inFlight: 3, dropped: false, limit: 5 }])
  })

  it('takes what the algorithm says, within its bounds, and keeps the fraction', async () => {
    const answers = [5.7, 1_000, -3, 5.9]
    const { algorithm, samples } = scriptedAlgorithm(() => answers.shift() ?? 0)
    const onLimitChange = recorder<LimitChangeEvent>()
    const { sleep, clock, policy } = limiting({ algorithm, onLimitChange, minLimit: 3, maxLimit: 9, initialLimit: 5 })
    for (let i = 0; i < 4; i++) {
      const slept = Promise.all([sleep(10), sleep(40)])
      await clock.advance(1_000)
      await slept
    }
    assert.deepEqual(
      samples.map(({ limit }) => limit),
      [5, 5.7, 9, 3],
    )
    assert.deepEqual(onLimitChange.events, [
      { limit: 9, previous: 5 },
      { limit: 3, previous: 9 },
      { limit: 5, previous: 3 },
    ])
    assert.equal(policy.snapshot().limit, 5)
    assert.deepEqual(policy.snapshot().algorithm, { name: 'scripted', samples: 4 })
  })

  it('counts as dropped what is past its deadline, exhausted or unavailable, and ignores other errors', async () => {
    for (const code of ['deadline_exceeded', 'resource_exhausted', 'unavailable'] as const) {
      assert.equal(await verdictOf(() => Promise.reject(new ServiceError(code))), 'failure')
    }
    for (const code of ['internal', 'not_found', 'canceled'] as const) {
      assert.equal(await verdictOf(() => Promise.reject(new ServiceError(code))), 'ignored')
    }
    assert.equal(await verdictOf(() => Promise.reject(new Error('bug'))), 'ignored')
    assert.equal(await verdictOf(async () => 'fine'), 'success')
  })

  it('counts as dropped a response that comes after the deadline', async () => {
    assert.equal(await verdictOf(async () => 'late', {}, 50), 'failure')
    assert.equal(await verdictOf(async () => 'in time', {}, 51), 'success')
  })

  it('judges outcomes as it is told, business failures too', async () => {
    const failed = (response: unknown) => response === 'sold out'
    const classify: AdaptiveLimitOptions['classify'] = ({ code, failure }) =>
      code === 'not_found' ? 'failure' : failure ? 'ignored' : 'success'
    assert.equal(await verdictOf(() => Promise.reject(new ServiceError('not_found')), { classify }), 'failure')
    assert.equal(await verdictOf(async () => 'sold out', { classify }, undefined, { failed }), 'ignored')
    assert.equal(await verdictOf(async () => 'sold', { classify }, undefined, { failed }), 'success')
  })

  it('keeps its limit, and fails no call, when the algorithm or the judgement fails: that surfaces', async (t) => {
    const later: (() => void)[] = []
    t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => later.push(run))
    const broken = () => {
      throw new Error('broken')
    }
    for (const [options, message] of [
      [{ algorithm: scriptedAlgorithm(() => Number.NaN).algorithm }, /the limit of scripted must be a number/],
      [{ algorithm: scriptedAlgorithm(broken).algorithm }, /broken/],
      [{ classify: broken }, /broken/],
    ] as const) {
      const { sleep, clock, policy } = limiting(options)
      const calls = [sleep(1), sleep(20)]
      await clock.advance(20)
      await Promise.all(calls)
      assert.equal(policy.snapshot().limit, 20)
      assert.throws(() => later.pop()?.(), message)
    }
  })

  it('has calls wait, and lets them in when the limit grows', async () => {
    const { algorithm } = scriptedAlgorithm(({ limit }) => limit + 1)
    const { sleep, clock, policy } = limiting({ algorithm, initialLimit: 1, queue: 3, maxWaitMs: 100 })
    const calls = [sleep(10), sleep(10), sleep(50), sleep(50)]
    assert.equal(policy.snapshot().partitions['all']?.waiting, 3)
    await clock.advance(20)
    assert.deepEqual([policy.snapshot().limit, policy.snapshot().inFlight], [2, 2])
    await clock.advance(50)
    await Promise.all(calls)
    assert.equal(clock.pending, 0)
  })

  it('refuses who waited for too long, and settles who gave up', async () => {
    const { sleep, clock, contextOf } = limiting({ initialLimit: 1, queue: 3, maxWaitMs: 100 })
    const ctx = contextOf()
    const first = sleep(200)
    const expired = assert.rejects(sleep(1), {
      ...reached,
      message: 'the concurrency limit is reached, and no place became free in time',
    })
    const canceled = assert.rejects(sleep(1, ctx), { code: 'canceled' })
    ctx.cancel()
    await canceled
    await clock.advance(100)
    await expired
    await clock.advance(100)
    await first
    assert.equal(clock.pending, 0)
  })

  it('tells of each refusal', async () => {
    const onRefused = recorder<RefusedEvent>()
    const { sleep, contextOf } = limiting({ initialLimit: 1, onRefused })
    sleep(1)
    const ctx = contextOf()
    const error = await sleep(1, ctx).catch((thrown) => thrown)
    assert.deepEqual(onRefused.events, [{ policy: 'adaptive_limit', ctx, error }])
  })

  it('divides the limit by criticality, say', async () => {
    const { call, clock, contextOf } = limiting({
      initialLimit: 10,
      partitions: { critical: 0.9, sheddable: 0.1 },
      partition: (_, ctx) => (ctx.get(criticality).startsWith('critical') ? 'critical' : 'sheddable'),
    })
    const sleep = (level: Criticality) =>
      call((ctx) => ctx.clock.sleep(10), contextOf().with(criticality, level)).then(
        () => 'ran',
        ({ code }) => code as string,
      )
    const batch = Array.from({ length: 11 }, () => sleep('sheddable_plus'))
    const live = Array.from({ length: 10 }, () => sleep('critical'))
    await clock.advance(10)
    const ran = async (calls: readonly Promise<string>[]) =>
      (await Promise.all(calls)).filter((outcome) => outcome === 'ran').length
    assert.equal(await ran(batch), 10)
    assert.equal(await ran(live), 9)
  })

  it('rejects the call whose partition cannot be told', async () => {
    const { sleep, policy } = limiting({
      partitions: { live: 1 },
      partition: () => {
        throw new Error('no partition')
      },
    })
    await assert.rejects(sleep(1), /no partition/)
    assert.equal(policy.snapshot().inFlight, 0)
  })

  it('can be given other bounds while it runs', async () => {
    const { policy } = limiting({ maxLimit: 100 })
    policy.change({ maxLimit: 10 })
    assert.equal(policy.snapshot().limit, 10)
    policy.change({ minLimit: 50, maxLimit: 60 })
    assert.equal(policy.snapshot().limit, 50)
    assert.throws(() => policy.change({ maxLimit: 40 }), /maxLimit must be an integer from 50 to 1000000, but is 40/)
    assert.equal(policy.snapshot().maxLimit, 60)
  })

  it('holds the place of a call whose caller gave up until its handler has settled', async () => {
    const { sleep, clock, contextOf } = limiting({ initialLimit: 1 })
    const ctx = contextOf()
    const ignoring = sleep(100, ctx)
    ctx.cancel()
    await clock.advance(99)
    await assert.rejects(sleep(1), reached)
    await clock.advance(1)
    await ignoring
  })

  for (const kind of ['serverStream', 'clientStream', 'bidiStream'] as const) {
    it(`holds a place for a ${kind} and takes no sample of it`, async () => {
      const { algorithm, samples } = scriptedAlgorithm()
      const { policy, clock, contextOf } = limiting({ algorithm, initialLimit: 1 }, { kind })
      const returns = kind !== 'clientStream'
      const words: Endpoint<string, unknown> = policy(async (_, ctx) => {
        if (!returns) await ctx.clock.sleep(50)
        return returns ? endless() : 'sum'
      })
      for (let i = 0; i < 3; i++) {
        const pending = words('', contextOf())
        await assert.rejects(words('', contextOf()), reached)
        await clock.advance(50)
        const response = await pending
        if (returns) {
          await assert.rejects(words('', contextOf()), reached)
          await (response as AsyncGenerator).return(undefined)
        }
        assert.equal(policy.snapshot().inFlight, 0)
      }
      assert.deepEqual(samples, [])
    })
  }

  it('refuses options that make no sense', () => {
    const wrong = (options: AdaptiveLimitOptions, message: RegExp) =>
      assert.throws(() => adaptiveLimit(options), message)
    wrong({ minLimit: 0 }, /minLimit must be an integer from 1 to 1000000, but is 0/)
    wrong({ minLimit: 10, maxLimit: 9 }, /maxLimit must be an integer from 10 to 1000000, but is 9/)
    wrong({ maxLimit: 10, initialLimit: 11 }, /initialLimit must be an integer from 1 to 10, but is 11/)
    wrong({ algorithm: gradient2 as never }, /algorithm must be a limit algorithm/)
    wrong({ order: 'lifo' as never }, /order must be/)
    wrong({ windowMs: 1 }, /windowMs must be/)
  })
})

async function* endless() {
  for (let n = 0; ; n++) yield n
}

/** What a call that takes 50 ms counts as: the two that follow it take 10 ms each. */
async function verdictOf(
  run: () => Promise<unknown>,
  options?: AdaptiveLimitOptions,
  deadlineAt?: number,
  info?: Partial<MethodInfo>,
) {
  const { algorithm, samples } = scriptedAlgorithm()
  const { call, clock, contextOf, sleep } = limiting({ algorithm, toleratedDropRatio: 0.4, ...options }, info)
  const judged = call(async (ctx) => {
    await ctx.clock.sleep(50)
    return run()
  }, contextOf(deadlineAt)).catch(() => {})
  await clock.advance(50)
  await judged
  for (let i = 0; i < 2; i++) {
    const good = sleep(10)
    await clock.advance(10)
    await good
  }
  const [sample] = samples
  assert.ok(sample)
  if (sample.dropped) return 'failure'
  return sample.durationMs === 30 ? 'success' : 'ignored'
}

const baseMs = 40

/** A server that shares its capacity: beyond it, the more calls are in flight the longer each takes. What takes too long fails. */
class Server {
  capacity = 10
  failsAfterMs = Infinity
  served = 0
  #inFlight = 0

  readonly answer: Endpoint<string, void> = async (_, { clock }) => {
    this.#inFlight++
    const tookMs = baseMs * Math.max(1, this.#inFlight / this.capacity)
    await clock.sleep(Math.min(tookMs, this.failsAfterMs))
    this.#inFlight--
    if (tookMs > this.failsAfterMs) throw new ServiceError('deadline_exceeded')
    this.served++
  }
}

/** Clients that call again and again for so long, and wait a little when they are refused. */
async function crowd(
  clock: ManualClock,
  call: Endpoint<string, void>,
  clients: number,
  lastsMs: number,
): Promise<void> {
  const until = clock.now() + lastsMs
  const method = { ...noMethod }
  const one = async () => {
    while (clock.now() < until) {
      await call('', rootContext({ clock, method })).catch(({ code }) =>
        code === 'resource_exhausted' ? clock.sleep(baseMs) : undefined,
      )
    }
  }
  const all = Promise.all(Array.from({ length: clients }, one))
  await clock.advance(lastsMs)
  await clock.runAll()
  await all
}

describe('adaptiveLimit, before a server that gets slower with load', () => {
  const algorithms: readonly (readonly [LimitAlgorithm, number])[] = [
    [gradient2({ tolerance: 1 }), Infinity],
    [vegas({ random: seededRandom('vegas') }), Infinity],
    [aimd(), 1.2 * baseMs],
  ]
  for (const [algorithm, failsAfterMs] of algorithms) {
    it(`finds what the server can do, follows it down, and up again, with ${algorithm.name}`, async () => {
      const clock = manualClock()
      const policy = adaptiveLimit({ algorithm, initialLimit: 3, random: seededRandom(algorithm.name) })
      const server = new Server()
      server.failsAfterMs = failsAfterMs
      const call = policy(server.answer)
      const near = (capacity: number) => {
        const { limit } = policy.snapshot()
        assert.ok(limit >= 0.8 * capacity && limit <= 1.2 * capacity + 6, `${limit} before a capacity of ${capacity}`)
      }
      await crowd(clock, call, 30, 4_000)
      near(10)
      server.capacity = 5
      await crowd(clock, call, 30, 4_000)
      near(5)
      server.capacity = 10
      await crowd(clock, call, 30, 4_000)
      near(10)
      const servedBefore = server.served
      await crowd(clock, call, 30, 2_000)
      // Ten at once in 40 ms are 250 a second.
      assert.ok(server.served - servedBefore > 0.8 * 500, `${server.served - servedBefore} calls in 2 s`)
      assert.equal(policy.snapshot().inFlight, 0)
      assert.equal(clock.pending, 0)
    })
  }

  it('does not grow while there is little to do', async () => {
    const clock = manualClock()
    const policy = adaptiveLimit({ initialLimit: 20 })
    await crowd(clock, policy(new Server().answer), 5, 4_000)
    assert.equal(policy.snapshot().limit, 20)
  })
})
