import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { callOptions } from '../core/call-options.ts'
import { rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { noMethod } from '../core/method.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import { type LateResultEvent, type TimeoutEvent, timeout } from './timeout.ts'

function fixture(options?: { deadlineAt?: number; method?: Partial<typeof noMethod> }) {
  const clock = manualClock()
  const ctx = rootContext({ clock, deadlineAt: options?.deadlineAt, method: { ...noMethod, ...options?.method } })
  return { clock, ctx }
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'ok',
    (thrown) => ServiceError.from(thrown).code,
  )
}

describe('timeout', () => {
  it('passes on what comes in time, and leaves nothing pending', async () => {
    const { clock, ctx } = fixture()
    const call = timeout({ timeoutMs: 100 })(scriptedEndpoint([{ delayMs: 99, response: 'a' }]))('', ctx)
    await clock.advance(99)
    assert.equal(await call, 'a')
    assert.equal(clock.pending, 0)
  })

  it('passes on what is thrown, at once or later, as it is', async () => {
    const { clock, ctx } = fixture()
    const error = new Error('a bug')
    await assert.rejects(timeout()(scriptedEndpoint([{ error }]))('', ctx), error)
    const throwing = timeout()(() => {
      throw error
    })
    await assert.rejects(throwing('', ctx), error)
    assert.equal(clock.pending, 0)
  })

  it('fails a call for which no limit is found, in place of having none', async () => {
    const { ctx } = fixture()
    const endpoint = scriptedEndpoint([{ hangs: true }])
    for (const found of [Number.NaN, undefined, null, '100', Promise.resolve(100)]) {
      const call = timeout({ timeoutMs: () => found as number })(endpoint)('', ctx)
      await assert.rejects(call, /timeoutMs must be a number/)
    }
    const failing = () => {
      throw new Error('a bug')
    }
    await assert.rejects(timeout({ timeoutMs: failing })(endpoint)('', ctx), /a bug/)
    assert.equal(endpoint.calls.length, 0)
  })

  it('fails when the limit is reached, and tells what is called', async () => {
    const { clock, ctx } = fixture()
    const onTimeout = recorder<TimeoutEvent>()
    const endpoint = scriptedEndpoint([{ delayMs: 1_000 }])
    const call = timeout({ timeoutMs: 100, onTimeout })(endpoint)('', ctx)
    const failed = assert.rejects(call, {
      code: 'deadline_exceeded',
      message: 'no response came within 100 ms',
      retry: 'if_idempotent',
    })
    await clock.advance(100)
    await failed
    assert.equal(endpoint.inFlight, 0)
    assert.deepEqual(onTimeout.events, [{ ctx, of: 'call', timeoutMs: 100 }])
    assert.equal(clock.pending, 0)
  })

  it('does not wait for what does not listen; a response that comes later is dropped and counted', async () => {
    const { clock, ctx } = fixture()
    const onLateResult = recorder<LateResultEvent>()
    const policy = timeout({ timeoutMs: 100, onLateResult })
    const call = codeOf(policy(scriptedEndpoint([{ delayMs: 150, ignoresAbort: true, response: 1 }]))('', ctx))
    await clock.advance(100)
    assert.equal(await call, 'deadline_exceeded')
    await clock.advance(50)
    assert.deepEqual(onLateResult.events, [{ ctx }])
    assert.deepEqual(policy.snapshot(), { of: 'call', timeoutMs: 100, timedOut: 1, late: 1 })
  })

  it('is never later than the deadline of the caller, whose own failure that is', async () => {
    const { clock, ctx } = fixture({ deadlineAt: 60 })
    const onTimeout = recorder<TimeoutEvent>()
    const endpoint = scriptedEndpoint([{ hangs: true }])
    const call = codeOf(timeout({ timeoutMs: 100, onTimeout })(endpoint)('', ctx))
    await clock.advance(60)
    assert.equal(await call, 'deadline_exceeded')
    assert.equal(endpoint.calls[0]?.ctx.deadlineAt, 60)
    assert.deepEqual(onTimeout.events, [])
    assert.equal(clock.pending, 0)
  })

  it('counts its limit as reached where whoever made the call has counted the same one', async () => {
    const { clock, ctx } = fixture({ deadlineAt: 100 })
    const onTimeout = recorder<TimeoutEvent>()
    await clock.advance(1)
    const call = codeOf(timeout({ timeoutMs: 100, onTimeout })(scriptedEndpoint([{ hangs: true }]))('', ctx))
    await clock.advance(100)
    assert.equal(await call, 'deadline_exceeded')
    assert.deepEqual(onTimeout.events, [{ ctx, of: 'call', timeoutMs: 100 }])
  })

  it('ends at once when the caller gives up', async () => {
    const { clock, ctx } = fixture()
    const call = codeOf(timeout()(scriptedEndpoint([{ hangs: true }]))('', ctx))
    await clock.settle()
    ctx.cancel()
    assert.equal(await call, 'canceled')
    assert.equal(clock.pending, 0)
  })

  it('does not begin a call that is over already', async () => {
    const { ctx } = fixture()
    ctx.cancel()
    const endpoint = scriptedEndpoint([{}])
    assert.equal(await codeOf(timeout()(endpoint)('', ctx)), 'canceled')
    assert.equal(endpoint.calls.length, 0)
  })

  it('gives a call the limit of its caller, else its method, else its own; an attempt its own', async () => {
    const deadlines = []
    for (const what of ['call', 'attempt'] as const)
      for (const [given, own] of [
        [50, 70],
        [undefined, 70],
        [undefined, undefined],
      ]) {
        const { ctx } = fixture({ method: { timeoutMs: own } })
        const endpoint = scriptedEndpoint([{}])
        await timeout({ timeoutMs: 90, of: what })(endpoint)('', ctx.with(callOptions, { timeoutMs: given }))
        deadlines.push(endpoint.calls[0]?.ctx.deadlineAt)
      }
    assert.deepEqual(deadlines, [50, 70, 90, 90, 90, 90])
  })

  it('may have another limit for each call', async () => {
    const policy = timeout({ of: 'attempt', timeoutMs: ({ method }) => (method.idempotent ? 40 : Infinity) })
    const deadlines = []
    for (const idempotent of [true, false]) {
      const { ctx } = fixture({ method: { idempotent } })
      const endpoint = scriptedEndpoint([{}])
      await policy(endpoint)('', ctx)
      deadlines.push(endpoint.calls[0]?.ctx.deadlineAt)
    }
    assert.deepEqual(deadlines, [40, Infinity])
    assert.equal(policy.snapshot().timeoutMs, undefined)
  })

  it('leaves a stream of requests the time it takes, unless its method says otherwise', async () => {
    for (const [timeoutMs, deadlineAt] of [
      [undefined, Infinity],
      [300, 300],
    ]) {
      const { ctx } = fixture({ method: { kind: 'clientStream', timeoutMs } })
      const endpoint = scriptedEndpoint([{}])
      await timeout({ timeoutMs: 90 })(endpoint)('', ctx)
      assert.equal(endpoint.calls[0]?.ctx.deadlineAt, deadlineAt)
    }
  })

  it('refuses options out of their range', () => {
    assert.throws(() => timeout({ timeoutMs: 0 }), /timeoutMs must be a number from 1 to 2147483647, but is 0/)
    assert.throws(() => timeout({ of: 'all' as never }), /of must be 'call' or 'attempt', but is "all"/)
    assert.throws(() => timeout({ streamLimits: { firstMs: 0 } }), /firstMs must be a number from 1/)
  })
})
