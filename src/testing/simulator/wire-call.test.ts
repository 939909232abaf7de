// Tests of wire-call.ts: what crosses the simulated wire, and what does not.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Context, rootContext } from '../../core/context.ts'
import { contextKey } from '../../core/context-key.ts'
import { ServiceError } from '../../core/errors.ts'
import { attempt, criticality, requestId } from '../../core/inbound.ts'
import { triedInstances } from '../../core/tried-instances.ts'
import type { SimulatedServerOptions } from './server.ts'
import { type Simulation, simulation } from './simulation.ts'

const tenant = contextKey('tenant', { scope: 'wire', fallback: '' })
const note = contextKey('note', { scope: 'request', fallback: '' })

/** A server that shows the context in which it was called. */
function open(options: SimulatedServerOptions = {}, sim: Simulation = simulation()) {
  const seen: Context[] = []
  const handle = (_: unknown, ctx: Context) => void seen.push(ctx)
  const leaf = sim.server('leaf', { instances: 2, handle, ...options })
  return { sim, leaf, call: leaf.client(), seen, ctx: rootContext({ clock: sim.clock }) }
}

async function failure(promise: Promise<unknown>, sim: Simulation): Promise<ServiceError> {
  const failed = promise.then(() => assert.fail('it succeeded'), ServiceError.from)
  await sim.run(10_000)
  return failed
}

describe('the simulated wire', () => {
  it('carries what a wire carries, and nothing else of the context', async () => {
    const { sim, call, seen, ctx } = open()
    const given = ctx.with(tenant, 'acme').with(criticality, 'sheddable').with(note, 'mine').with(attempt, 2)
    call('a', given)
    await sim.run(100)
    const [there] = seen as [Context]
    assert.deepEqual(
      [there.get(tenant), there.get(criticality), there.get(note), there.get(attempt)],
      ['acme', 'sheddable', '', 1],
    )
    assert.equal(there.get(triedInstances), undefined)
    assert.notEqual(there.get(requestId), '')
  })

  it('honours criticality only where callers are trusted', async () => {
    const { sim, call, seen, ctx } = open({ trustMetadata: false })
    call('a', ctx.with(criticality, 'sheddable'))
    await sim.run(100)
    assert.equal(seen[0]?.get(criticality), 'critical')
  })

  it('carries the deadline, counted from when the call came in', async () => {
    const { sim, call, seen } = open({ networkMs: 7 })
    call('a', { timeoutMs: 100 })
    await sim.run(50)
    assert.deepEqual([seen[0]?.deadlineAt, seen[0]?.method.fullName], [107, 'leaf/call'])
  })

  it('carries an error without its cause, and with its marks', async () => {
    const thrown = new ServiceError('unavailable', 'no', {
      details: { at: new Date(0) },
      retry: 'never',
      retryAfterMs: 5,
      cause: 'secret',
    })
    const { sim, call } = open({
      handle: () => {
        throw thrown
      },
    })
    const error = await failure(call('a'), sim)
    assert.notEqual(error, thrown)
    assert.deepEqual(error.toJSON(), { ...thrown.toJSON(), details: { at: '1970-01-01T00:00:00.000Z' } })
    assert.deepEqual([error.cause, error.remote], [undefined, 'leaf/call'])
  })

  it('takes its time each way, also for a refusal', async () => {
    const { sim, leaf, call } = open({ networkMs: 3, serviceMs: 10 })
    const ends: number[] = []
    call('a').then(() => ends.push(sim.clock.now()))
    leaf.instance(1).kill()
    call('b').catch(() => ends.push(sim.clock.now()))
    await sim.run(100)
    assert.deepEqual(ends, [6, 16])
  })

  it('tells the instance that its caller has gone', async () => {
    let cause: unknown
    const { sim, call, ctx } = open({
      handle: (_, within) => {
        within.onAbort((why) => {
          cause = why
        })
        return within.clock.sleep(1_000)
      },
    })
    const promise = call('a', ctx)
    sim.at(100, () => ctx.cancel())
    assert.equal((await failure(promise, sim)).code, 'canceled')
    assert.equal(ServiceError.fromAbort(cause).code, 'canceled')
  })

  it('tells it nothing, neither of that nor of the deadline, where nothing is abandoned', async () => {
    const { sim, call, seen, ctx } = open({ abandons: 'none', serviceMs: 50 })
    call('a', { ctx, timeoutMs: 20 }).catch(() => {})
    const { abandoned, busy } = (await sim.run(100)).server('leaf')
    assert.deepEqual([seen[0]?.deadlineAt, seen.length, abandoned, busy], [5_000, 1, 1, 0.5])
  })

  it('lets go of a message that is on its way when its caller has gone', async () => {
    const { sim, call, ctx } = open({ networkMs: 10 })
    const promise = call('a', ctx)
    sim.at(5, () => ctx.cancel())
    assert.equal((await failure(promise, sim)).code, 'canceled')
    const after = await sim.run(100)
    assert.deepEqual([after.server('leaf').arrived, after.data.pending.timers], [0, 0])
  })

  it('says that nothing was run when no time is left', async () => {
    const { sim, leaf } = open({ instances: 1 })
    const late = leaf.client({ use: [(next) => (request, ctx) => ctx.clock.sleep(30).then(() => next(request, ctx))] })
    assert.equal((await failure(late('a', { timeoutMs: 20 }), sim)).code, 'deadline_exceeded')
  })
})
