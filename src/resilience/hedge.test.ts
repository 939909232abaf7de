import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { callOptions } from '../core/call-options.ts'
import { rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { attempt } from '../core/inbound.ts'
import { noMethod } from '../core/method.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { type ScriptedStep, scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import { type HedgeEndEvent, type HedgeEvent, type HedgeOptions, hedge } from './hedge.ts'
import { retryBudget } from './retry-budget.ts'

const method = { ...noMethod, fullName: 'orders/read', idempotent: true }

function fixture(steps: readonly ScriptedStep<string>[], options?: HedgeOptions) {
  const clock = manualClock()
  const onHedge = recorder<HedgeEvent>()
  const onHedgeEnd = recorder<HedgeEndEvent>()
  const policy = hedge({ delayMs: 50, onHedge, onHedgeEnd, ...options })
  const endpoint = scriptedEndpoint<string, string>(steps)
  return { clock, onHedge, onHedgeEnd, policy, endpoint, ctx: rootContext({ clock, method }), call: policy(endpoint) }
}

describe('hedge', () => {
  it('asks again when an answer is late, takes the first, and cancels the other', async () => {
    const { clock, ctx, call, endpoint, policy, onHedge, onHedgeEnd } = fixture([
      { delayMs: 500, response: 'slow' },
      { delayMs: 10, response: 'fast' },
    ])
    const answered = call('', ctx)
    await clock.advance(60)
    assert.equal(await answered, 'fast')
    await clock.settle()
    assert.equal(endpoint.inFlight, 0)
    assert.match(String(endpoint.calls[0]?.ctx.cause), /another attempt was faster/)
    assert.deepEqual(
      endpoint.calls.map(({ at, ctx: inner }) => [at, inner.get(attempt)]),
      [
        [0, 1],
        [50, 2],
      ],
    )
    assert.deepEqual(onHedge.events, [{ ctx, attempt: 2, afterMs: 50 }])
    assert.deepEqual(onHedgeEnd.events, [{ ctx, winner: 2, attempts: 2 }])
    const { hedged, won, refused } = policy.snapshot()
    assert.deepEqual({ hedged, won, refused }, { hedged: 1, won: 1, refused: 0 })
    assert.equal(clock.pending, 0)
  })

  it('asks once when the answer is in time', async () => {
    const { clock, ctx, call, endpoint, onHedgeEnd } = fixture([{ delayMs: 49, response: 'a' }])
    const answered = call('', ctx)
    await clock.advance(200)
    assert.equal(await answered, 'a')
    assert.equal(endpoint.calls.length, 1)
    assert.deepEqual(onHedgeEnd.events, [])
    assert.equal(clock.pending, 0)
  })

  it('waits for the other when one fails, and fails when all have', async () => {
    const error = new ServiceError('unavailable', 'gone')
    const one = fixture([
      { delayMs: 60, error },
      { delayMs: 40, response: 'b' },
    ])
    const answered = one.call('', one.ctx)
    await one.clock.advance(90)
    assert.equal(await answered, 'b')
    const all = fixture([{ delayMs: 60, error }])
    const failed = assert.rejects(all.call('', all.ctx), error)
    await all.clock.advance(110)
    await failed
    assert.equal(all.endpoint.calls.length, 2)
    assert.deepEqual(all.onHedgeEnd.events, [{ ctx: all.ctx, winner: undefined, attempts: 2 }])
    assert.equal(all.clock.pending, 0)
  })

  it('does not replace an attempt that fails before the delay', async () => {
    const error = new ServiceError('unavailable', 'gone')
    const { clock, ctx, call, endpoint } = fixture([{ delayMs: 10, error }])
    const failed = assert.rejects(call('', ctx), error)
    await clock.advance(100)
    await failed
    assert.equal(endpoint.calls.length, 1)
  })

  it('makes as many attempts as it may, each after the same delay', async () => {
    const { clock, ctx, call, endpoint, onHedgeEnd } = fixture([{ hangs: true }], {
      hedges: 3,
      budget: retryBudget({ minPerSecond: 9 }),
    })
    const ended = call('', ctx).catch((thrown: ServiceError) => thrown.code)
    await clock.advance(1_000)
    assert.deepEqual(
      endpoint.calls.map(({ at }) => at),
      [0, 50, 100, 150],
    )
    ctx.cancel()
    assert.equal(await ended, 'canceled')
    assert.deepEqual(onHedgeEnd.events, [{ ctx, winner: undefined, attempts: 4 }])
    assert.equal(clock.pending, 0)
  })

  it('keeps to the budget', async () => {
    const { clock, ctx, call, endpoint, policy } = fixture([{ delayMs: 60, response: 'a' }], {
      budget: retryBudget({ reservePerSecond: 0 }),
    })
    const calls = Promise.all([call('', ctx), call('', ctx), call('', ctx)])
    await clock.advance(60)
    await calls
    assert.equal(endpoint.calls.length, 4)
    assert.equal(policy.snapshot().refused, 2)
  })

  it('learns the delay of each method from its latest answers', async () => {
    const { clock, ctx, call, endpoint, policy } = fixture(
      [
        ...Array.from({ length: 100 }, (_, n) => ({ delayMs: n + 1, response: 'a' })),
        { delayMs: 500, response: 'late' },
      ],
      { delayMs: undefined },
    )
    const calls = Promise.all(Array.from({ length: 100 }, () => call('', ctx)))
    await clock.advance(100)
    await calls
    assert.equal(endpoint.calls.length, 100)
    const learned = policy.snapshot().learnedMs['orders/read'] ?? 0
    assert.ok(Math.abs(learned - 95) < 2, `${learned}`)
    void call('', ctx)
    await clock.advance(200)
    assert.equal(endpoint.calls.length, 102)
    assert.equal((endpoint.calls[101]?.at ?? 0) - 100, learned)
  })

  it('does not hedge what might do harm, streams, or what asks not to be repeated', async () => {
    for (const [info, given] of [
      [{ ...method, idempotent: false }, {}],
      [{ ...method, kind: 'serverStream' as const }, {}],
      [method, { retry: false } as const],
    ] as const) {
      const { clock, call, endpoint } = fixture([{ delayMs: 500, response: 'a' }])
      const answered = call('', rootContext({ clock, method: info }).with(callOptions, given))
      await clock.advance(500)
      assert.equal(await answered, 'a')
      assert.equal(endpoint.calls.length, 1)
    }
  })

  it('does not begin an attempt when the deadline comes before it', async () => {
    const { clock, call, endpoint } = fixture([{ hangs: true }])
    const failed = assert.rejects(call('', rootContext({ clock, method, deadlineAt: 50 })), {
      code: 'deadline_exceeded',
    })
    await clock.advance(100)
    await failed
    assert.equal(endpoint.calls.length, 1)
    assert.equal(clock.pending, 0)
  })

  it('refuses options out of their range', () => {
    assert.throws(() => hedge({ delayMs: -1 }), /delayMs must be a number from 0/)
    assert.throws(() => hedge({ quantile: 0.4 }), /quantile must be a number from 0.5 to 1/)
    assert.throws(() => hedge({ hedges: 0 }), /hedges must be an integer from 1 to 10/)
    assert.throws(() => hedge({ minSamples: 0 }), /minSamples must be an integer from 1/)
  })
})
