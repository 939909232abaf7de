// Tests of server.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Endpoint, Middleware } from '../../core/endpoint.ts'
import { ServiceError } from '../../core/errors.ts'
import { attempt } from '../../core/inbound.ts'
import { hedge } from '../../resilience/hedge.ts'
import { retryBudget } from '../../resilience/retry-budget.ts'
import type { SimulatedServerOptions } from './server.ts'
import { simulation } from './simulation.ts'

/** Calls again what failed, at once. */
const again: Middleware = <Req, Res>(next: Endpoint<Req, Res>): Endpoint<Req, Res> => {
  return (request, ctx) => next(request, ctx).catch(() => next(request, ctx.with(attempt, 2)))
}

describe('a simulated server', () => {
  it('has clients that call its contract', async () => {
    const sim = simulation()
    const leaf = sim.server('leaf', { idempotent: true, timeoutMs: 300, handle: (request) => request + 1 })
    assert.deepEqual(
      [leaf.contract.info.call.fullName, leaf.contract.info.call.idempotent, leaf.contract.info.call.timeoutMs],
      ['leaf/call', true, 300],
    )
    const answer = leaf.client()(1)
    await sim.run(10)
    assert.equal(await answer, 2)
  })

  it('tells a call apart that takes longer than the method says', async () => {
    const sim = simulation()
    const call = sim.server('leaf', { serviceMs: 500, timeoutMs: 300 }).client()
    const failed = call('a').catch((thrown: ServiceError) => [thrown.code, sim.clock.now()])
    await sim.run(1_000)
    assert.deepEqual(await failed, ['deadline_exceeded', 300])
  })

  it('sends a repeated call to another instance, and counts attempts', async () => {
    const sim = simulation()
    const leaf = sim.server('leaf', { instances: 3 })
    leaf.instance(0).kill()
    sim.load('callers', { perSecond: 300, arrivals: 'even', call: leaf.client({ use: [again] }) })
    const report = await sim.run(1_000)
    assert.equal(report.load('callers').successRatio, 1)
    assert.deepEqual(report.client('leaf'), { server: 'leaf', calls: 300, attempts: 450, attemptsPerCall: 1.5 })
    assert.deepEqual([report.server('leaf').amplification, report.server('leaf').arrivedAt], [1.5, [150, 150, 150]])
  })

  it('sends a hedge to another instance', async () => {
    const sim = simulation()
    const leaf = sim.server('leaf', { instances: 2, idempotent: true })
    leaf.instance(0).pause()
    const policy = hedge({ delayMs: 10, budget: retryBudget({ minPerSecond: 1_000 }) })
    sim.load('callers', { perSecond: 100, arrivals: 'even', call: leaf.client({ use: [policy] }), untilMs: 900 })
    const report = await sim.run(1_000)
    assert.deepEqual([report.load('callers').offered, report.load('callers').successRatio], [90, 1])
    // In turn, each call comes to the paused one first, and its hedge to the other.
    assert.deepEqual([policy.snapshot().won, report.server('leaf').arrivedAt], [90, [90, 90]])
  })

  it('puts layers around calls, around attempts, and around the attempts at one instance', async () => {
    const seen: string[] = []
    const layer =
      (name: string): Middleware =>
      (next) =>
      (request, ctx) => {
        seen.push(name)
        return next(request, ctx)
      }
    const sim = simulation()
    const leaf = sim.server('leaf', { instances: 2 })
    const call = leaf.client({
      use: [layer('use')],
      pipeline: { call: [layer('call'), again], attempt: [layer('attempt')] },
      useInstance: ({ id }) => [layer(id)],
    })
    leaf.instance(0).kill()
    call('a')
    await sim.run(10)
    assert.deepEqual(seen, ['use', 'call', 'attempt', 'leaf/0', 'attempt', 'leaf/1'])
  })

  it('prints what a handler throws that is no ServiceError, unless somebody listens', async (t) => {
    const print = t.mock.method(console, 'error', () => {})
    const sim = simulation()
    const handle = (request: unknown) => {
      throw request
    }
    const stages: string[] = []
    const loud = sim.server('loud', { handle }).client()
    const quiet = sim.server('quiet', { handle, onError: ({ stage }) => void stages.push(stage) }).client()
    for (const call of [loud, quiet])
      for (const thrown of [new ServiceError('internal'), new TypeError('oops')]) call(thrown).catch(() => {})
    await sim.run(10)
    assert.equal(print.mock.callCount(), 1)
    assert.deepEqual(stages, ['method', 'method'])
  })

  it('refuses what makes no sense', () => {
    const refused: readonly (readonly [SimulatedServerOptions, RegExp])[] = [
      [{ instances: 0 }, /instances must be an integer from 1/],
      [{ slots: 0.5 }, /slots must be an integer from 1/],
      [{ queue: -1 }, /queue must be an integer from 0/],
      [{ serviceMs: -1 }, /serviceMs must be/],
      [{ networkMs: Number.NaN }, /networkMs must be/],
      [{ errorRatio: 2 }, /errorRatio must be/],
      [{ errorCode: 'oops' as never }, /code must be one of/],
      [{ abandons: 'some' as never }, /abandons must be one of all, waiting, none, but is some/],
      [{ timeoutMs: 0 }, /timeoutMs must be/],
    ]
    for (const [options, message] of refused) assert.throws(() => simulation().server('leaf', options), message)
    assert.throws(() => simulation().server('no/name'), /name must be a letter/)
    const leaf = simulation().server('leaf', { instances: 2 })
    assert.throws(() => leaf.instance(2), /index must be an integer from 0 to 1/)
    assert.throws(() => leaf.client({ pick: 'best' as never }), /pick must be one of/)
    assert.equal(leaf.instances.length, 2)
  })
})
