// Tests of load.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Context } from '../../core/context.ts'
import { ServiceError } from '../../core/errors.ts'
import { criticality } from '../../core/inbound.ts'
import type { LoadOptions } from './load.ts'
import { simulation } from './simulation.ts'

async function run(options: Partial<LoadOptions>, ms = 10_000) {
  const sim = simulation()
  const calls: { at: number; request: unknown; ctx: Context }[] = []
  const call = async (request: unknown, ctx: Context) => void calls.push({ at: sim.clock.now(), request, ctx })
  sim.load('callers', { perSecond: 100, call, ...options })
  const report = await sim.run(ms)
  return { sim, calls, load: report.load('callers'), report }
}

describe('a load', () => {
  it('comes evenly, from a moment until before another one', async () => {
    const { calls, load } = await run({ perSecond: 4, arrivals: 'even', fromMs: 1_000, untilMs: 2_000 })
    assert.deepEqual(
      calls.map(({ at }) => at),
      [1_000, 1_250, 1_500, 1_750],
    )
    assert.deepEqual([load.offered, load.intervals.offered.slice(0, 3)], [4, [0, 4, 0]])
  })

  it('comes by chance, with the gaps of a Poisson process', async () => {
    const { calls } = await run({ perSecond: 1_000 })
    const gaps = calls.slice(1).map(({ at }, i) => at - (calls[i]?.at ?? 0))
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length)
    assert.ok(Math.abs(mean - 1) < 0.03 && Math.abs(deviation - 1) < 0.05, `${mean} ${deviation}`)
  })

  it('does not wait for those before', async () => {
    const { load, report } = await run({ call: () => new Promise(() => {}) })
    assert.ok(load.offered > 900)
    assert.deepEqual([load.succeeded, load.successRatio, report.data.pending.calls], [0, 1, load.offered])
  })

  it('gives each call a request, and a context of the simulation', async () => {
    const { sim, calls } = await run({ request: (index) => `order ${index}` }, 100)
    assert.deepEqual([calls[1]?.request, calls[1]?.ctx.clock], ['order 1', sim.clock])
    const numbered = await run({}, 100)
    assert.deepEqual(numbered.calls.slice(0, 2).map(({ request }) => request), [0, 1]) // biome-ignore format: one line
  })

  it('counts what failed by its code, thrown or rejected, and how long it took', async () => {
    const sim = simulation()
    const call = (request: number): Promise<unknown> => {
      if (request % 2 === 0) throw new TypeError('a fault of the program')
      return sim.clock.sleep(20).then(() => Promise.reject(new ServiceError('not_found')))
    }
    sim.load('callers', { perSecond: 10, arrivals: 'even', untilMs: 1_000, call })
    const { failures, failed, successRatio, failedAfterMs } = (await sim.run(2_000)).load('callers')
    assert.deepEqual([failures, failed, successRatio], [{ internal: 5, not_found: 5 }, 10, 0])
    assert.equal(Math.round(failedAfterMs.max), 20)
  })

  it('goes on after a run that was ended by what a request threw', async () => {
    const sim = simulation()
    const request = (index: number) => {
      if (index === 5) throw new Error('no request')
      return index
    }
    sim.load('callers', { perSecond: 100, arrivals: 'even', call: async () => {}, request })
    await assert.rejects(sim.run(1_000), /no request/)
    const report = await sim.run(1_000)
    assert.equal(report.load('callers').offered, 99)
    assert.deepEqual(report.data.pending, { calls: 0, served: 0, timers: 0 })
  })

  it('sends criticalities by weight, and reports each by itself', async () => {
    const { calls, load } = await run({ perSecond: 1_000, criticality: { critical: 1, sheddable: 3 } })
    const { critical, sheddable } = load.byCriticality
    assert.equal((critical?.offered ?? 0) + (sheddable?.offered ?? 0), load.offered)
    assert.ok(Math.abs((critical?.offered ?? 0) / load.offered - 0.25) < 0.02)
    assert.equal(calls.filter(({ ctx }) => ctx.get(criticality) === 'sheddable').length, sheddable?.offered)
  })

  it('refuses what makes no sense', async () => {
    const call = async () => {}
    const refused: readonly (readonly [Partial<LoadOptions>, RegExp])[] = [
      [{ perSecond: 0 }, /perSecond must be/],
      [{ call: 'x' as never }, /call must be a function/],
      [{ arrivals: 'odd' as never }, /arrivals must be one of/],
      [{ fromMs: 5, untilMs: 4 }, /untilMs must be/],
      [{ criticality: { critical: -1 } }, /weight must be/],
    ]
    for (const [options, message] of refused)
      assert.throws(() => simulation().load('callers', { perSecond: 1, call, ...options }), message)
    const sim = simulation()
    await sim.run(100)
    assert.throws(() => sim.load('callers', { perSecond: 1, call, fromMs: 50 }), /fromMs must be a number from 100/)
  })
})
