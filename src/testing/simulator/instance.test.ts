// Tests of instance.ts: what befalls a process, as its callers see it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../../core/context.ts'
import type { Middleware } from '../../core/endpoint.ts'
import type { ServiceError } from '../../core/errors.ts'
import { refusal } from '../../resilience/refusal.ts'
import type { SimulatedServerOptions } from './server.ts'
import { simulation } from './simulation.ts'

function open(options: SimulatedServerOptions = {}) {
  const sim = simulation()
  const leaf = sim.server('leaf', { serviceMs: 10, handle: (request) => `done ${request}`, ...options })
  const call = leaf.client()
  const ends: string[] = []
  /** Notes how each call ended, and when. */
  const calls = (...requests: readonly string[]) => {
    for (const request of requests)
      call(request).then(
        (response) => ends.push(`${response} ${sim.clock.now()}`),
        (thrown: ServiceError) => ends.push(`${request} ${thrown.code} ${thrown.retry} ${sim.clock.now()}`),
      )
  }
  return { sim, leaf, instance: leaf.instance(0), ends, calls }
}

describe('an instance', () => {
  it('refuses at once when it is dead, and says that nothing was run', async () => {
    const { sim, instance, ends, calls } = open()
    instance.kill()
    sim.at(0, () => calls('a'))
    const report = await sim.run(100)
    assert.deepEqual([ends, instance.state], [['a unavailable safe 0'], 'down'])
    assert.deepEqual([report.server('leaf').arrived, report.server('leaf').refused], [1, 1])
  })

  it('breaks the calls in flight when it dies, in slots and in the queue', async () => {
    const { sim, instance, ends, calls } = open({ slots: 1 })
    sim.at(0, () => calls('a', 'b'))
    sim.at(5, () => instance.kill())
    const report = await sim.run(100)
    assert.deepEqual(ends, ['a unavailable if_idempotent 5', 'b unavailable if_idempotent 5'])
    assert.deepEqual([report.server('leaf').failed, report.server('leaf').busy, report.data.pending], [2, 0.05, { calls: 0, served: 0, timers: 0 }]) // biome-ignore format: one line
  })

  it('calls off what its handler has begun elsewhere when it dies', async () => {
    const sim = simulation()
    const leaf = sim.server('leaf', { serviceMs: 50 })
    const down = leaf.client()
    const middle = sim.server('middle', { handle: (request, ctx) => down(request, ctx) })
    sim.at(
      0,
      () =>
        void middle
          .client()('a')
          .catch(() => {}),
    )
    sim.at(10, () => middle.instance(0).kill())
    const report = await sim.run(100)
    assert.deepEqual([report.server('leaf').abandoned, report.data.pending.timers], [1, 0])
  })

  it('comes back empty and with new middlewares when it is restarted', async () => {
    let processes = 0
    const use = () => {
      const number = ++processes
      const layer: Middleware = (next) => (request, ctx) => next(`${request} ${number}` as never, ctx)
      return [layer]
    }
    const { sim, instance, ends, calls } = open({ use })
    sim.at(0, () => calls('a'))
    sim.at(20, () => instance.restart())
    sim.at(20, () => calls('b'))
    await sim.run(100)
    assert.deepEqual([ends, instance.state], [['done a 1 10', 'done b 2 30'], 'up'])
  })

  it('takes calls in while it is paused, and answers them afterwards', async () => {
    const { sim, instance, ends, calls } = open({ handle: (request) => sim.clock.sleep(1).then(() => request) })
    sim.at(0, () => calls('a'))
    sim.at(10.5, () => instance.pause())
    sim.at(20, () => calls('b'))
    sim.at(50, () => instance.resume())
    await sim.run(40)
    assert.deepEqual([ends, instance.state, instance.busy], [[], 'paused', 0])
    await sim.run(40)
    assert.deepEqual(ends, ['a 50', 'b 61'])
  })

  it('does not read what was called off while it was paused', async () => {
    const { sim, leaf, instance } = open()
    const ctx = rootContext({ clock: sim.clock })
    instance.pause()
    sim.at(
      0,
      () =>
        void leaf
          .client()('a', ctx)
          .catch(() => {}),
    )
    sim.at(10, () => ctx.cancel())
    sim.at(20, () => instance.resume())
    const { arrived, abandoned, busy } = (await sim.run(100)).server('leaf')
    assert.deepEqual([arrived, abandoned, busy], [1, 1, 0])
  })

  it('is slower, for what begins from then on', async () => {
    const { sim, instance, ends, calls } = open()
    sim.at(0, () => calls('a'))
    sim.at(5, () => instance.slow(3))
    sim.at(5, () => calls('b'))
    await sim.run(100)
    assert.deepEqual(ends, ['done a 10', 'done b 35'])
  })

  it('fails a share of calls after their service time, with a code', async () => {
    const { sim, instance, ends, calls } = open()
    instance.fail(1, 'internal')
    calls('a')
    await sim.run(100)
    assert.deepEqual(ends, ['a internal never 10'])
    instance.fail(0.25)
    for (let i = 0; i < 2_000; i++) calls('b')
    await sim.run(100)
    const failed = ends.filter((end) => end === 'b unavailable if_idempotent 110').length
    assert.ok(Math.abs(failed - 500) < 50, String(failed))
  })

  it('is healed of everything', async () => {
    const { sim, instance, ends, calls } = open({ errorRatio: 0 })
    instance.slow(10)
    instance.fail(1)
    instance.kill()
    instance.heal()
    calls('a')
    await sim.run(100)
    instance.pause()
    instance.heal()
    calls('b')
    await sim.run(100)
    assert.deepEqual(ends, ['done a 10', 'done b 110'])
  })

  it('lets its middlewares refuse before a slot is had, and counts that as refused', async () => {
    const full: Middleware = () => () => Promise.reject(refusal('resource_exhausted', 'enough', 20))
    const { sim, ends, calls } = open({ use: [full] })
    calls('a')
    const { refused, busy } = (await sim.run(100)).server('leaf')
    assert.deepEqual([ends, refused, busy], [['a resource_exhausted safe 0'], 1, 0])
  })

  it('shows its middlewares how busy it is', async () => {
    const seen: number[][] = []
    const { sim, calls } = open({
      slots: 2,
      use: (instance) => {
        const look: Middleware = (next) => (request, ctx) => {
          seen.push([instance.busy, instance.waiting])
          return next(request, ctx)
        }
        return [look]
      },
    })
    calls('a', 'b', 'c', 'd')
    await sim.run(100)
    assert.deepEqual(seen, [[0, 0], [1, 0], [2, 0], [2, 1]]) // biome-ignore format: one line
  })

  it('refuses settings that make no sense', () => {
    const { instance } = open()
    assert.throws(() => instance.slow(-1), /factor must be/)
    assert.throws(() => instance.fail(1.5), /ratio must be/)
    assert.throws(() => instance.fail(1, 'oops' as never), /code must be one of/)
  })
})
