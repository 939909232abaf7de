import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { rootContext } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { type Kind, type MethodInfo, noMethod } from '../core/method.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import { type CircuitBreakerOptions, circuitBreaker, type StateChangeEvent } from './circuit-breaker.ts'
import type { RefusedEvent } from './policy.ts'

const unavailable = () => new ServiceError('unavailable', 'the far end is down')

/** A breaker on a manual clock, without jitter, before an endpoint that does what it is asked: it answers, or throws what it is given. */
function breaking(options?: CircuitBreakerOptions, info?: Partial<MethodInfo>) {
  const clock = manualClock()
  const onStateChange = recorder<StateChangeEvent>()
  const onRefused = recorder<RefusedEvent>()
  const policy = circuitBreaker({ clock, jitterRatio: 0, onStateChange, onRefused, ...options })
  const method = { ...noMethod, ...info }
  const ctx = rootContext({ clock, method })
  let reached = 0
  const call = policy(async (request: unknown) => {
    reached++
    if (request instanceof Error) throw request
    return request
  })
  return {
    clock,
    policy,
    method,
    ctx,
    call,
    onStateChange,
    onRefused,
    reached: () => reached,
    /** Has that many calls fail. */
    async fail(count: number, error: () => Error = unavailable) {
      for (let i = 0; i < count; i++) await assert.rejects(call(error(), ctx))
    },
  }
}

/** Keeps what would surface as an uncaught error. */
function surfacing(t: TestContext): readonly (() => void)[] {
  const later: (() => void)[] = []
  t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => later.push(run))
  return later
}

type Breaking = ReturnType<typeof breaking>

/** Opens the circuit, and waits until it is about to be half open. */
async function almostHalfOpen({ fail, clock }: Breaking): Promise<void> {
  await fail(5)
  await clock.advance(5_000)
}

describe('circuitBreaker', () => {
  // How Go kit tests its three: prime it, have it fail, count how many pass, and then none may.
  for (const [primedWith, pass] of [
    [0, 5],
    [10, 10],
    [100, 100],
  ] as const) {
    it('takes more than five failures in a row for an outage where there are many calls', async () => {
      for (const [successes, opensAfter] of [
        [0, 5],
        [10, 5],
        [14, 5],
        [40, 20],
      ] as const) {
        const policy = circuitBreaker()
        const ctx = rootContext({ clock: manualClock() })
        const call = policy(async (fails: boolean) => {
          if (fails) throw new ServiceError('unavailable', 'gone')
        })
        for (let n = 0; n < successes; n++) await call(false, ctx)
        let failures = 0
        for (; policy.state() === 'closed'; failures++) await call(true, ctx).catch(() => {})
        assert.equal(failures, opensAfter, `after ${successes} successes`)
      }
    })

    it('says with a refusal what failed last', async () => {
      const policy = circuitBreaker({ consecutiveFailures: 2 })
      const ctx = rootContext({ clock: manualClock() })
      let failures = 0
      const call = policy(async () => {
        throw new ServiceError('unavailable', `gone ${++failures}`)
      })
      for (let n = 0; n < 2; n++) await call('', ctx).catch(() => {})
      await assert.rejects(call('', ctx), (error: ServiceError) => {
        assert.equal(error.message, 'the circuit is open')
        assert.equal((error.cause as ServiceError).message, 'gone 2')
        return true
      })
    })

    it(`refuses after ${primedWith} successes and ${pass} failures, and nothing reaches the endpoint`, async () => {
      const { call, ctx, fail, reached } = breaking(primedWith > 0 ? { consecutiveFailures: Infinity } : {})
      for (let i = 0; i < primedWith; i++) assert.equal(await call(i, ctx), i)
      await fail(pass)
      assert.equal(reached(), primedWith + pass)
      for (let i = 0; i < 10; i++) {
        await assert.rejects(call(i, ctx), {
          name: 'ServiceError',
          code: 'unavailable',
          message: 'the circuit is open',
          retry: 'safe',
          retryAfterMs: 5_000,
        })
      }
      assert.equal(reached(), primedWith + pass)
    })
  }

  it('tells of each refusal and each change with the call that it came to', async () => {
    const breaker = breaking()
    const { call, ctx, fail, onRefused, onStateChange, clock } = breaker
    await fail(5)
    await clock.advance(1_000.5)
    const refused = ServiceError.from(await call(1, ctx).catch((thrown: unknown) => thrown))
    assert.deepEqual(onRefused.events, [{ policy: 'circuit_breaker', ctx, error: refused }])
    assert.equal(refused.retryAfterMs, 4_000)
    await clock.advance(4_000)
    for (let i = 0; i < 3; i++) await call(i, ctx)
    assert.deepEqual(onStateChange.events, [
      {
        key: undefined,
        from: 'closed',
        to: 'open',
        cause: 'consecutive_failures',
        openMs: 5_000,
        reason: undefined,
        ctx,
      },
      {
        key: undefined,
        from: 'open',
        to: 'half_open',
        cause: 'open_time_over',
        openMs: undefined,
        reason: undefined,
        ctx,
      },
      {
        key: undefined,
        from: 'half_open',
        to: 'closed',
        cause: 'probes_succeeded',
        openMs: undefined,
        reason: undefined,
        ctx,
      },
    ])
  })

  it('changes nothing by a listener that throws, which surfaces', async (t) => {
    const later = surfacing(t)
    const { call, ctx, fail, policy } = breaking({
      onStateChange() {
        throw new Error('of a listener')
      },
    })
    await fail(5)
    await assert.rejects(call(1, ctx), /the circuit is open/)
    assert.equal(policy.state(), 'open')
    assert.throws(() => later[0]?.(), /of a listener/)
  })

  it('sets no timer and leaves no listener behind', async () => {
    const breaker = breaking()
    const { clock, policy } = breaker
    await almostHalfOpen(breaker)
    const ctx = rootContext({ clock, deadlineAt: clock.now() + 1_000 })
    const probe = policy(async () => 'well')('', ctx)
    assert.equal(clock.pending, 1, 'the deadline of the probe')
    await probe
    assert.equal(clock.pending, 0)
  })

  it('does not count what is the fault of the caller', async () => {
    const { fail, policy } = breaking()
    await fail(100, () => new ServiceError('invalid_argument'))
    await fail(100, () => new ServiceError('resource_exhausted'))
    assert.equal(policy.state(), 'closed')
    assert.equal(policy.snapshot().circuits[0]?.calls, 0)
  })

  it('counts the business failures that a method finds', async () => {
    const { call, ctx, policy } = breaking(undefined, { failed: (response) => response === 'no' })
    for (let i = 0; i < 5; i++) assert.equal(await call('no', ctx), 'no')
    assert.equal(policy.state(), 'open')
  })

  it('goes by another judgement when it is given one', async () => {
    const { call, ctx, fail, policy } = breaking({
      classify: ({ code }) => (code === 'not_found' ? 'failure' : 'success'),
    })
    await fail(10)
    await call(1, ctx)
    assert.equal(policy.state(), 'closed')
    await fail(5, () => new ServiceError('not_found'))
    assert.equal(policy.state(), 'open')
  })

  it('goes by the usual judgement when another one throws, which surfaces', async (t) => {
    const later = surfacing(t)
    const { call, ctx, policy } = breaking({
      classify() {
        throw new Error('of a judge')
      },
    })
    assert.equal(await call(1, ctx), 1)
    assert.deepEqual([policy.snapshot().circuits[0]?.calls, policy.snapshot().circuits[0]?.failures], [1, 0])
    assert.throws(() => later[0]?.(), /of a judge/)
  })

  it('counts an endpoint that throws before it promises', async () => {
    const { policy, ctx } = breaking({ consecutiveFailures: 1 })
    const broken = policy(() => {
      throw unavailable()
    })
    await assert.rejects(broken('', ctx), /the far end is down/)
    assert.equal(policy.state(), 'open')
  })

  it('counts an answer that came after the deadline as a failure', async () => {
    const { policy, clock } = breaking({ consecutiveFailures: 1 })
    const late = policy(scriptedEndpoint<string, string>([{ delayMs: 200, response: 'late', ignoresAbort: true }]))
    const answer = late('', rootContext({ clock, deadlineAt: 100 }))
    await clock.advance(200)
    assert.equal(await answer, 'late')
    assert.equal(policy.state(), 'open')
  })

  it('does not count a call that its caller gave up, whatever the endpoint throws then', async () => {
    const { policy, ctx } = breaking({ consecutiveFailures: 1 })
    using call = ctx.withCancel()
    const answer = policy((_: string, inner) => {
      const { promise, reject } = Promise.withResolvers<never>()
      inner.onAbort(() => reject(new Error('socket closed')))
      return promise
    })('', call)
    call.cancel()
    await assert.rejects(answer, /socket closed/)
    assert.equal(policy.state(), 'closed')
  })

  it('opens when calls are too slow, by their own time and not that of streams', async () => {
    for (const [kind, state] of [
      ['unary', 'open'],
      ['clientStream', 'closed'],
    ] as const) {
      const { policy, ctx, clock } = breaking({ slowMs: 100, windowCalls: 2 }, { kind })
      const slow = policy(() => clock.sleep(100))
      for (let i = 0; i < 2; i++) {
        const answer = slow('', ctx)
        await clock.advance(100)
        await answer
      }
      assert.equal(policy.state(), state, kind)
    }
  })
})

describe('circuitBreaker, half open', () => {
  it('lets three calls through at once, and refuses the others without a word about when', async () => {
    const breaker = breaking()
    const { policy, ctx, clock, call } = breaker
    await almostHalfOpen(breaker)
    const slow = policy(() => clock.sleep(10))
    const probes = [1, 2, 3].map(() => slow('', ctx))
    await assert.rejects(call(1, ctx), { code: 'unavailable', retryAfterMs: undefined })
    await clock.advance(10)
    await Promise.all(probes)
    assert.equal(policy.state(), 'closed')
  })

  it('opens again for twice as long when a probe fails', async () => {
    const breaker = breaking()
    await almostHalfOpen(breaker)
    await breaker.fail(1)
    await assert.rejects(breaker.call(1, breaker.ctx), { retryAfterMs: 10_000 })
  })

  it('gives the place of a probe to another when its caller leaves, though it hangs', async () => {
    const breaker = breaking({ probes: 1 })
    const { policy, ctx, call, clock } = breaker
    await almostHalfOpen(breaker)
    using caller = ctx.withCancel()
    void policy(scriptedEndpoint([{ hangs: true }]))('', caller)
    await assert.rejects(call(1, ctx), /the circuit is open/)
    caller.cancel()
    assert.equal(policy.state(), 'half_open')
    assert.equal(await call(1, ctx), 1)
    assert.equal(policy.state(), 'closed')
    assert.equal(clock.pending, 0)
  })

  it('gives the place of a probe to another when its outcome says nothing', async () => {
    const breaker = breaking({ probes: 1 })
    const { fail, call, ctx, policy } = breaker
    await almostHalfOpen(breaker)
    await fail(20, () => new ServiceError('invalid_argument'))
    assert.equal(policy.state(), 'half_open')
    await call(1, ctx)
    assert.equal(policy.state(), 'closed')
  })

  it('opens again when the deadline of a probe passes while it hangs', async () => {
    const breaker = breaking({ probes: 1 })
    const { policy, clock } = breaker
    await almostHalfOpen(breaker)
    void policy(scriptedEndpoint([{ hangs: true }]))('', rootContext({ clock, deadlineAt: clock.now() + 100 }))
    await clock.advance(100)
    assert.equal(policy.state(), 'open')
    assert.equal(clock.pending, 0)
  })

  it('opens again when a probe without a deadline hangs, as of the end of its time', async () => {
    const breaker = breaking({ probes: 1, probeTimeoutMs: 1_000 })
    const { policy, clock, ctx, call } = breaker
    await almostHalfOpen(breaker)
    void policy(scriptedEndpoint([{ hangs: true }]))('', ctx)
    await clock.advance(4_000)
    await assert.rejects(call(1, ctx), { retryAfterMs: 7_000 })
    await clock.advance(7_000)
    assert.equal(await call(1, ctx), 1)
    assert.equal(policy.state(), 'closed')
  })
})

describe('circuitBreaker, with streams', () => {
  async function* messages(count: number, error?: unknown) {
    for (let i = 0; i < count; i++) yield i
    if (error !== undefined) throw error
  }

  async function read(stream: AsyncIterable<unknown>): Promise<void> {
    for await (const _ of stream);
  }

  const kinds: readonly Kind[] = ['unary', 'serverStream', 'clientStream', 'bidiStream']
  for (const kind of kinds) {
    const streams = kind === 'serverStream' || kind === 'bidiStream'
    it(`counts a call of kind ${kind} when ${streams ? 'its stream' : 'it'} ends`, async () => {
      const { policy, ctx } = breaking({ consecutiveFailures: 2 }, { kind })
      const failing: Endpoint<unknown, unknown> = streams
        ? policy(async () => messages(2, unavailable()))
        : policy(() => Promise.reject(unavailable()))
      const call = async () => {
        const response = await failing('', ctx)
        if (streams) assert.equal(policy.state(), 'closed')
        await read(response as AsyncIterable<unknown>)
      }
      await assert.rejects(call, /the far end is down/)
      assert.equal(policy.state(), 'closed')
      await assert.rejects(call, /the far end is down/)
      assert.equal(policy.state(), 'open')
      await assert.rejects(call, /the circuit is open/)
    })
  }

  it('passes all messages on, and counts a stream that ends well as a success', async () => {
    const { policy, ctx } = breaking(undefined, { kind: 'serverStream' })
    const call = policy(async () => messages(3))
    const seen: number[] = []
    for await (const message of await call('', ctx)) seen.push(message)
    assert.deepEqual(seen, [0, 1, 2])
    assert.equal(policy.snapshot().circuits[0]?.calls, 1)
  })

  it('does not count a stream that its caller called off', async () => {
    const { policy, ctx } = breaking({ consecutiveFailures: 1 }, { kind: 'serverStream' })
    using caller = ctx.withCancel()
    await policy(async () => messages(3))('', caller)
    caller.cancel()
    assert.deepEqual([policy.state(), policy.snapshot().circuits[0]?.calls], ['closed', 0])
  })

  it('has a probe succeed with the first message of its stream, however long that goes on', async () => {
    const breaker = breaking({ probes: 1, probeTimeoutMs: 1_000, slowMs: 10 }, { kind: 'serverStream' })
    const { policy, ctx, clock, call } = breaker
    await almostHalfOpen(breaker)
    const stream = (await policy(async () => messages(3, unavailable()))('', ctx))[Symbol.asyncIterator]()
    await clock.advance(100)
    assert.equal(policy.state(), 'half_open')
    await stream.next()
    assert.equal(policy.state(), 'closed')
    await clock.advance(60_000)
    await call(1, ctx)
    await assert.rejects(async () => {
      while (!(await stream.next()).done);
    }, /the far end is down/)
    assert.equal(policy.snapshot().circuits[0]?.failures, 0, 'what began before it closed')
  })
})

describe('circuitBreaker, with keys', () => {
  const key = (request: unknown) => (request instanceof Error ? request.message : String(request))

  it('has a circuit for each key, and says which one it was', async () => {
    const { call, ctx, fail, policy, onStateChange } = breaking({ key })
    await fail(5, () => new ServiceError('unavailable', 'berlin'))
    await assert.rejects(call('berlin', ctx), /the circuit is open/)
    assert.equal(await call('paris', ctx), 'paris')
    assert.deepEqual(
      [policy.state('berlin'), policy.state('paris'), policy.state('rome')],
      ['open', 'closed', 'closed'],
    )
    assert.equal(onStateChange.events[0]?.key, 'berlin')
  })

  it('never has more circuits than its limit, and keeps the open ones', async () => {
    const { call, ctx, fail, policy } = breaking({ key, maxKeys: 10 })
    await fail(5, () => new ServiceError('unavailable', 'berlin'))
    for (let i = 0; i < 1_000; i++) await call(i, ctx)
    assert.equal(policy.snapshot().circuits.length, 10)
    assert.equal(policy.state('berlin'), 'open')
  })

  it('fails a call whose key cannot be told', async () => {
    const { call, ctx, reached } = breaking({
      key() {
        throw new Error('no key')
      },
    })
    await assert.rejects(call(1, ctx), /no key/)
    assert.equal(reached(), 0)
  })

  it('forces one key, or all', async () => {
    const { call, ctx, policy } = breaking({ key })
    policy.force('open', { key: 'berlin', reason: 'moving' })
    await assert.rejects(call('berlin', ctx), /the circuit is forced open/)
    await call('paris', ctx)
    policy.force('open')
    await assert.rejects(call('paris', ctx), /the circuit is forced open/)
    await assert.rejects(call('rome', ctx), /the circuit is forced open/)
    policy.force(undefined)
    for (const city of ['berlin', 'paris', 'rome']) await call(city, ctx)
  })
})

describe('circuitBreaker, operated', () => {
  it('refuses all while it is forced open, without a word about when, and says why', async () => {
    const { policy, call, ctx } = breaking()
    policy.force('open', { reason: 'moving the database' })
    await assert.rejects(call(1, ctx), { code: 'unavailable', retry: 'safe', retryAfterMs: undefined })
    const { forced, circuits } = policy.snapshot()
    assert.deepEqual(forced, { state: 'open', reason: 'moving the database' })
    assert.deepEqual([circuits[0]?.state, circuits[0]?.reason], ['forced_open', 'moving the database'])
    policy.force(undefined)
    assert.equal(await call(1, ctx), 1)
  })

  it('lets all pass while it is forced closed, or disabled and counting', async () => {
    const { policy, fail, reached } = breaking()
    policy.force('closed')
    await fail(50)
    policy.force('disabled')
    await fail(50)
    assert.equal(reached(), 100)
    assert.equal(policy.snapshot().circuits[0]?.failures, 50)
  })

  it('refuses to force what there is not', async () => {
    const { policy, call, ctx } = breaking({ key: String })
    assert.throws(() => policy.force('ajar' as never), TypeError)
    assert.equal(await call(1, ctx), 1)
  })

  it('refuses to force a key where there are none', () => {
    const { policy } = breaking()
    assert.throws(() => policy.force('open', { key: 'berlin' }), TypeError)
    assert.throws(() => policy.state('berlin'), /there is no circuit of a key without the option key/)
  })

  it('shows what it is set to, as JSON can carry it', () => {
    const { policy } = breaking({ slowMs: 250 })
    const shown = policy.snapshot()
    assert.deepEqual(JSON.parse(JSON.stringify(shown)).settings, {
      consecutiveFailures: 5,
      consecutiveFailuresOfMany: 20,
      failureRatio: 0.5,
      minimumCalls: 20,
      windowMs: 10_000,
      slowMs: 250,
      slowRatio: 0.8,
      openMs: 5_000,
      openMaxMs: 60_000,
      jitterRatio: 0,
      probes: 3,
      probeTimeoutMs: 10_000,
    })
  })

  it('goes on in another process where it was in this one', async () => {
    const before = breaking()
    await before.clock.advance(3_000)
    await before.fail(5)
    const saved = JSON.parse(JSON.stringify(before.policy.snapshot()))
    const clock = manualClock({ startAt: 77, wallStartAt: before.clock.wallNow() + 2_000 })
    const after = circuitBreaker({ clock, jitterRatio: 0, restore: saved })
    const ctx = rootContext({ clock })
    const call = after(async () => 'well')
    await assert.rejects(call('', ctx), { retryAfterMs: 3_000 })
    await clock.advance(3_000)
    assert.equal(await call('', ctx), 'well')
  })

  it('opens after failures of processes that each made only one call', async () => {
    let saved: ReturnType<ReturnType<typeof circuitBreaker>['snapshot']> | undefined
    for (let i = 0; i < 5; i++) {
      const { fail, policy } = breaking({ restore: saved })
      await fail(1)
      saved = JSON.parse(JSON.stringify(policy.snapshot()))
    }
    const { call, ctx, reached } = breaking({ restore: saved })
    await assert.rejects(call(1, ctx), /the circuit is open/)
    assert.equal(reached(), 0)
  })

  it('takes up only what it has a place for', () => {
    const [plain, keyed] = [breaking(), breaking({ key: String })]
    keyed.policy.force('open', { key: 'berlin' })
    plain.policy.force('open')
    keyed.policy.restore({ ...plain.policy.snapshot(), forced: undefined })
    assert.deepEqual(
      keyed.policy.snapshot().circuits.map(({ key }) => key),
      ['berlin'],
    )
    plain.policy.restore({ ...keyed.policy.snapshot() })
    assert.deepEqual(
      plain.policy.snapshot().circuits.map(({ key }) => key),
      [undefined],
    )
  })

  it('is restored from nonsense without harm', () => {
    for (const nonsense of [
      {},
      { circuits: 7, forced: 'open' },
      { circuits: [null, 'x', {}], forced: { state: 'ajar' } },
    ]) {
      const { policy } = breaking({ restore: nonsense as never })
      assert.deepEqual([policy.state(), policy.snapshot().forced], ['closed', undefined])
    }
  })

  it('refuses options that make no sense', () => {
    assert.throws(() => circuitBreaker({ probes: 0 }), RangeError)
    assert.throws(() => circuitBreaker({ maxKeys: 0 }), /maxKeys must be an integer from 1/)
    assert.throws(() => circuitBreaker({ maxKeys: 2 ** 24 }), /maxKeys must be an integer from 1 to 8388608/)
    assert.throws(() => circuitBreaker({ key: 'tenant' as never }), /key must be a function, but is string/)
  })
})
