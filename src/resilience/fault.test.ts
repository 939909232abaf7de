import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { noMethod } from '../core/method.ts'
import { seededRandom } from '../primitives/random.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import { type FaultEvent, type FaultOptions, fault } from './fault.ts'

function setUp(options: FaultOptions) {
  const clock = manualClock()
  const next = scriptedEndpoint<string, string>([{ response: 'r' }])
  const events: FaultEvent[] = []
  const policy = fault({ armed: true, clock, onFault: (event) => events.push(event), ...options })
  return { clock, next, events, policy, call: policy(next), ctx: rootContext({ clock }) }
}

const isCode = (code: string) => (thrown: unknown) => thrown instanceof ServiceError && thrown.code === code

describe('fault', () => {
  it('lets calls alone unless it is armed', async () => {
    const { call, ctx, policy, events } = setUp({ armed: undefined, error: { ratio: 1, code: 'internal' } })
    assert.equal(await call('q', ctx), 'r')
    policy.arm()
    await assert.rejects(call('q', ctx), isCode('internal'))
    policy.disarm()
    assert.equal(await call('q', ctx), 'r')
    assert.equal(events.length, 1)
    assert.deepEqual([policy.snapshot().armed, policy.snapshot().injected.error], [false, 1])
  })

  it('is armed for as long as it is told', async () => {
    const { clock, call, ctx, policy } = setUp({ armed: false, error: { ratio: 1, code: 'internal' } })
    policy.arm({ forMs: 100 })
    await clock.advance(99)
    await assert.rejects(call('q', ctx), isCode('internal'))
    assert.deepEqual([policy.snapshot().armed, policy.snapshot().armedForMs], [true, 1])
    await clock.advance(1)
    assert.equal(await call('q', ctx), 'r')
    assert.deepEqual([policy.snapshot().armed, policy.snapshot().armedForMs], [false, undefined])
    assert.equal(clock.pending, 0)
    assert.throws(() => policy.arm({ forMs: -1 }), /RangeError: forMs must be/)
  })

  it('fails a call in place of making it, with the error that it is told', async () => {
    const { call, ctx, next, events } = setUp({
      error: { ratio: 1, code: 'unavailable', message: 'down', retry: 'safe' },
    })
    await assert.rejects(call('q', ctx), { code: 'unavailable', message: 'down', retry: 'safe' })
    assert.equal(next.calls.length, 0)
    assert.deepEqual(events, [{ ctx, fault: 'error' }])
    const { call: plain } = setUp({ error: { ratio: 1, code: 'unavailable' } })
    await assert.rejects(plain('q', ctx), { message: 'a fault was injected', retry: 'if_idempotent' })
  })

  it('delays a call, and passes it on', async () => {
    const { clock, call, ctx, next, events } = setUp({ delay: { ratio: 1, ms: 30 } })
    const answer = call('q', ctx)
    await clock.advance(30)
    assert.equal(await answer, 'r')
    assert.equal(next.calls[0]?.at, 30)
    assert.deepEqual(events, [{ ctx, fault: 'delay' }])
  })

  it('delays no further than the deadline, and ends with a caller that leaves', async () => {
    const { clock, call, ctx, next } = setUp({ delay: { ratio: 1, ms: 30 } })
    const late = assert.rejects(call('q', ctx.withTimeout(20)), isCode('deadline_exceeded'))
    await clock.advance(20)
    await late
    const left = assert.rejects(call('q', ctx), isCode('canceled'))
    ctx.cancel()
    await left
    assert.deepEqual([next.calls.length, clock.pending], [0, 0])
  })

  it('never answers a call that it drops, until its caller has left or has no time left', async () => {
    const { clock, call, ctx, next, events, policy } = setUp({ drop: { ratio: 1 }, delay: { ratio: 1, ms: 30 } })
    const late = assert.rejects(call('q', ctx.withTimeout(20)), isCode('deadline_exceeded'))
    const left = assert.rejects(call('q', ctx), isCode('canceled'))
    await clock.advance(20)
    await late
    ctx.cancel()
    await left
    assert.deepEqual(
      events.map((event) => event.fault),
      ['drop', 'drop'],
    )
    assert.deepEqual(policy.snapshot().injected, { delay: 0, error: 0, drop: 2 })
    assert.deepEqual([next.calls.length, clock.pending], [0, 0])
  })

  it('delays a call and then fails it where both are drawn', async () => {
    const { clock, call, ctx, events } = setUp({
      delay: { ratio: 1, ms: 30 },
      error: { ratio: 1, code: 'internal' },
    })
    const end = assert.rejects(call('q', ctx), isCode('internal'))
    await clock.advance(30)
    await end
    assert.deepEqual(
      events.map((event) => event.fault),
      ['delay', 'error'],
    )
  })

  it('hits the shares of calls that it is told', async () => {
    const { clock, call, ctx, policy } = setUp({
      delay: { ratio: 0.3, ms: 1 },
      error: { ratio: 0.1, code: 'internal' },
      drop: { ratio: 0.05 },
      random: seededRandom('shares'),
    })
    for (let n = 0; n < 10_000; n++) call('q', ctx).catch(() => {})
    await clock.advance(1)
    const { delay: delayed, error: failed, drop: dropped } = policy.snapshot().injected
    assert.ok(Math.abs(dropped - 500) < 75, `${dropped} dropped`)
    assert.ok(Math.abs(delayed - 0.95 * 3_000) < 150, `${delayed} delayed`)
    assert.ok(Math.abs(failed - 0.95 * 1_000) < 100, `${failed} failed`)
    ctx.cancel()
  })

  it('is for the calls that match', async () => {
    const { call, ctx, clock } = setUp({
      error: { ratio: 1, code: 'internal' },
      match: ({ method }) => method.name === 'price',
    })
    assert.equal(await call('q', ctx), 'r')
    await assert.rejects(call('q', rootContext({ clock, method: { ...noMethod, name: 'price' } })), isCode('internal'))
    const { call: broken } = setUp({
      match: () => {
        throw new RangeError('no match')
      },
    })
    await assert.rejects(broken('q', ctx), /RangeError: no match/)
  })

  it('comes before calls of all four kinds, and lets a stream alone that has begun', async () => {
    for (const kind of ['unary', 'serverStream', 'clientStream', 'bidiStream'] as const) {
      const { clock, policy } = setUp({ armed: false, error: { ratio: 1, code: 'internal' } })
      const ctx = rootContext({ clock, method: { ...noMethod, kind } })
      const call = policy(async (_: unknown) =>
        (async function* () {
          yield 1
        })(),
      )
      const stream = await call('q', ctx)
      policy.arm()
      assert.deepEqual(await stream.next(), { done: false, value: 1 })
      await assert.rejects(call('q', ctx), isCode('internal'))
    }
  })

  it('says how it is set', () => {
    const { policy } = setUp({ drop: { ratio: 0.5 } })
    assert.deepEqual(policy.snapshot(), {
      armed: true,
      armedForMs: undefined,
      delay: undefined,
      error: undefined,
      drop: { ratio: 0.5 },
      injected: { delay: 0, error: 0, drop: 0 },
    })
  })
})
