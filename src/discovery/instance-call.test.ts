import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { callContext, rootContext } from '../core/context.ts'
import { tap } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { type Classify, classify } from '../core/outcome.ts'
import { singleMethod } from '../core/single-method.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { instanceAt } from './instance.ts'
import { InstanceCall } from './instance-call.ts'
import { MeasuredCandidate } from './measured-candidate.ts'

function setup(kind: 'unary' | 'serverStream' = 'unary', judge: Classify = classify) {
  const clock = manualClock()
  const heard: unknown[] = []
  const health = {
    healthy: true,
    onChange() {},
    answered: (ticket: number) => heard.push(['answered', ticket]),
    end: (ticket: number, verdict: string, tookMs: number) => heard.push([verdict, ticket, tookMs]),
    [Symbol.dispose]() {},
  }
  const candidate = new MeasuredCandidate(instanceAt('a:1'), 'target', health, 0, {
    decayMs: 10_000,
    failurePenaltyMs: 1_000,
  })
  const ended: unknown[] = []
  const owner = { classify: judge, ended: (of: unknown) => ended.push(of) }
  const ctx = callContext(rootContext({ clock }), singleMethod({ method: 'svc/one', kind }), Infinity)
  const begin = (ticket: number | undefined = 7) => new InstanceCall(owner, candidate, ticket, clock.now())
  return { clock, heard, candidate, ended, ctx, begin }
}

describe('InstanceCall', () => {
  it('counts an attempt while it is in flight, and says how it ended', async () => {
    const { clock, heard, candidate, ended, ctx, begin } = setup()
    const answer = Promise.withResolvers<string>()
    const call = tap(() => answer.promise, begin())('request', ctx)
    assert.equal(candidate.inFlight, 1)
    await clock.advance(25)
    answer.resolve('response')
    assert.equal(await call, 'response')
    assert.deepEqual([candidate.inFlight, candidate.latencyMs, candidate.calls], [0, 25, 1])
    assert.deepEqual(heard, [['success', 7, 25]])
    assert.deepEqual(ended, [candidate])
  })

  it('judges errors by their code, and an attempt that was called off by nothing', async () => {
    const { heard, candidate, ctx, begin } = setup()
    const fail = (code: 'unavailable' | 'not_found') => async () => {
      throw new ServiceError(code, 'no')
    }
    await assert.rejects(tap(fail('unavailable'), begin())('request', ctx))
    await assert.rejects(tap(fail('not_found'), begin())('request', ctx))
    const hanging = tap(() => new Promise(() => {}), begin())
    void hanging('request', ctx)
    assert.equal(candidate.inFlight, 1)
    ctx.cancel()
    assert.equal(candidate.inFlight, 0)
    assert.deepEqual(
      heard.map((each) => (each as unknown[])[0]),
      ['failure', 'ignored', 'ignored'],
    )
    assert.deepEqual([candidate.calls, candidate.failures], [1, 1])
  })

  it('tells nothing of an attempt without a ticket to the health', async () => {
    const { heard, candidate, ctx, begin } = setup()
    const call = tap(async () => 'response', new InstanceCall({ classify, ended() {} }, candidate, undefined, 0))
    await call('request', ctx)
    assert.ok(begin)
    assert.deepEqual(heard, [])
    assert.equal(candidate.calls, 1)
  })

  it('is over with the end of a stream, whose first message is an answer and whose time is no latency', async () => {
    const { clock, heard, candidate, ctx, begin } = setup('serverStream')
    async function* messages() {
      yield 1
      yield 2
    }
    const stream = await tap(async () => messages(), begin())('request', ctx)
    for await (const message of stream) {
      await clock.advance(1_000)
      assert.deepEqual(heard, [['answered', 7]], `after message ${message}`)
      assert.equal(candidate.inFlight, 1)
    }
    assert.deepEqual(heard[1], ['success', 7, Number.NaN])
    assert.deepEqual([candidate.inFlight, candidate.latencyMs], [0, 0])
  })
})
