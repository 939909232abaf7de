// Tests of simulation.ts: the same bytes for the same seed, queues as theory has them, and what is left at the end.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hedge } from '../../resilience/hedge.ts'
import { retry } from '../../resilience/retry.ts'
import { timeout } from '../../resilience/timeout.ts'
import { recorder } from '../recorder.ts'
import { exponential, logNormal, type SimulationOptions, type SimulationProgress, simulation } from './simulation.ts'

/** Two layers with policies, and instances that are slow, paused and killed. */
async function busyWorld(options: SimulationOptions = {}, extra = false) {
  const sim = simulation(options)
  const leaf = sim.server('leaf', {
    instances: 3,
    slots: 1,
    queue: 10,
    serviceMs: logNormal({ medianMs: 5, sigma: 0.8 }),
    networkMs: exponential({ meanMs: 0.3 }),
    errorRatio: 0.01,
    idempotent: true,
  })
  const policies = [
    timeout({ timeoutMs: 400 }),
    retry({ backoff: { random: sim.random('retry') } }),
    hedge(),
    timeout({ timeoutMs: 200, of: 'attempt' }),
  ]
  const down = leaf.client({ use: policies, pick: 'random' })
  const middle = sim.server('middle', { instances: 2, serviceMs: 1, handle: (request, ctx) => down(request, ctx) })
  sim.load('callers', { perSecond: 200, call: middle.client(), criticality: { critical: 1, sheddable: 2 } })
  if (extra) sim.load('others', { perSecond: 1, call: sim.server('elsewhere', { serviceMs: 1 }).client() })
  sim.at(1_000, () => leaf.instance(0).kill())
  sim.at(2_000, () => leaf.instance(0).restart())
  sim.at(2_500, () => leaf.instance(1).pause())
  sim.at(2_700, () => leaf.instance(1).resume())
  sim.at(3_000, () => leaf.instance(2).slow(5))
  sim.at(3_500, () => leaf.instance(2).heal())
  return sim.run(5_000)
}

describe('simulation', () => {
  it('gives the same bytes for the same seed, and others for another one', async () => {
    const [one, two, other] = [await busyWorld({ seed: 7 }), await busyWorld({ seed: 7 }), await busyWorld({ seed: 8 })]
    assert.equal(JSON.stringify(two), JSON.stringify(one))
    assert.deepEqual([two.text(), two.svg()], [one.text(), one.svg()])
    assert.notEqual(JSON.stringify(other.load('callers')), JSON.stringify(one.load('callers')))
    // Enough goes wrong in it for that to say something.
    const { failed, refused, abandoned } = one.server('leaf')
    assert.ok(failed > 0 && refused > 0 && abandoned > 0 && one.client('leaf').attemptsPerCall > 1.02)
  })

  it('gives the same on every machine, and on every version of Node', async () => {
    const sim = simulation({ seed: 'golden' })
    const serviceMs = logNormal({ medianMs: 8, sigma: 1 })
    const networkMs = exponential({ meanMs: 1 })
    const leaf = sim.server('leaf', { instances: 2, slots: 2, queue: 4, serviceMs, networkMs, errorRatio: 0.02 })
    sim.load('callers', { perSecond: 300, call: leaf.client({ pick: 'random' }) })
    const text = (await sim.run(5_000)).text().split('\n')
    const row =
      'callers     1522     304.4       1267  83.7409 %      253.4   21.92   50.44   62.85  101.89    157.12  305.43          40.07'
    assert.equal(text[3], row)
  })

  it('gives the same however many events share a turn of the event loop', async () => {
    const reports = await Promise.all([1, 3, 1_000].map((eventsPerTurn) => busyWorld({ eventsPerTurn })))
    assert.equal(new Set(reports.map((report) => JSON.stringify(report))).size, 1)
  })

  it('draws for each part by itself: one more changes nothing for the others', async () => {
    const [alone, beside] = [await busyWorld(), await busyWorld({}, true)]
    assert.deepEqual(beside.load('callers'), alone.load('callers'))
  })

  it('gives one generator for a name', () => {
    const { random } = { random: (name: string) => sim.random(name) }
    const sim = simulation({ seed: 'a' })
    assert.equal(random('x'), random('x'))
    assert.notEqual(random('x')(), random('y')())
    assert.equal(simulation({ seed: 'a' }).random('z')(), simulation({ seed: 'a' }).random('z')())
  })

  it('has the waiting times of an M/M/c queue (Erlang C)', async () => {
    const [servers, perSecond, meanMs] = [4, 300, 10]
    const sim = simulation({ seed: 3 })
    const leaf = sim.server('leaf', { slots: servers, serviceMs: exponential({ meanMs }) })
    sim.load('callers', { perSecond, call: leaf.client() })
    await sim.run(1_000)
    const report = await sim.run(100_000)
    const erlangs = (perSecond * meanMs) / 1_000
    const waitingShare = erlangC(servers, erlangs)
    const waitMs = (waitingShare * meanMs) / (servers - erlangs)
    const { utilisation, waiting } = report.server('leaf')
    near(utilisation, erlangs / servers, 0.02)
    near(report.load('callers').latencyMs.mean, meanMs + waitMs, 0.03)
    // Little's law.
    near(waiting, (perSecond * waitMs) / 1_000, 0.06)
  })

  it('reports each run by itself, and goes on where it was', async () => {
    const sim = simulation()
    const leaf = sim.server('leaf', { serviceMs: 30 })
    sim.load('callers', { perSecond: 100, arrivals: 'even', call: leaf.client(), untilMs: 3_000 })
    const [first, second, drain] = [await sim.run(1_500), await sim.run(1_500), await sim.run(1_000)]
    const counts = [first, second, drain].map((report) => {
      const { offered, succeeded, intervals } = report.load('callers')
      return [report.data.fromMs, offered, succeeded, intervals.offered, report.data.pending.calls]
    })
    assert.deepEqual(counts, [
      [0, 150, 147, [100, 50], 3],
      [1_500, 150, 150, [100, 50], 3],
      [3_000, 0, 3, [0], 0],
    ])
    assert.deepEqual(drain.data.pending, { calls: 0, served: 0, timers: 0 })
    assert.equal(sim.clock.pending, 0)
  })

  it('leaves nothing behind after failures, retries, hedges and timeouts', async () => {
    const sim = simulation()
    const leaf = sim.server('leaf', { instances: 2, slots: 1, queue: 5, serviceMs: exponential({ meanMs: 30 }), errorRatio: 0.2, idempotent: true }) // biome-ignore format: one line
    const use = [
      timeout({ timeoutMs: 100 }),
      retry({ backoff: { random: sim.random('retry') } }),
      hedge({ delayMs: 20 }),
    ]
    sim.load('callers', { perSecond: 200, call: leaf.client({ use }), untilMs: 2_000 })
    await sim.run(2_000)
    const { pending } = (await sim.run(5_000)).data
    assert.deepEqual(pending, { calls: 0, served: 0, timers: 0 })
  })

  it('counts timers that are leaked, and not those that are to come', async () => {
    const sim = simulation()
    sim.at(10_000, () => {})
    sim.load('later', { perSecond: 1, call: async () => {}, fromMs: 5_000 })
    sim.clock.schedule(20_000, () => {})
    assert.equal((await sim.run(1_000)).data.pending.timers, 1)
  })

  it('tells how far it is', async () => {
    const progress = recorder<SimulationProgress>()
    const sim = simulation({ onProgress: progress, eventsPerTurn: 1 })
    sim.load('callers', { perSecond: 10, arrivals: 'even', call: async () => {} })
    await sim.run(3_000)
    assert.deepEqual(progress.events, [
      { at: 1_000, untilAt: 3_000 },
      { at: 2_000, untilAt: 3_000 },
    ])
  })

  it('ends a run with what an action throws, and can go on', async () => {
    const sim = simulation()
    sim.at(5, () => {
      throw new Error('a mistake in the scenario')
    })
    await assert.rejects(sim.run(10), /a mistake in the scenario/)
    assert.equal((await sim.run(10)).data.fromMs, 5)
  })

  it('refuses names that are taken, options that make no sense, and two runs at once', async () => {
    const sim = simulation()
    const leaf = sim.server('leaf')
    const load = { perSecond: 1, call: leaf.client({ name: 'a' }) }
    sim.load('callers', load)
    assert.throws(() => sim.server('leaf'), /there is a server named leaf already/)
    assert.throws(() => leaf.client({ name: 'a' }), /there is a client named a already/)
    assert.throws(() => sim.load('callers', load), /there is a load named callers already/)
    assert.throws(() => sim.load('', load), /a load must have a name/)
    assert.equal(sim.clock.pending, 1)
    assert.throws(() => simulation({ intervalMs: 0 }), /intervalMs must be/)
    assert.throws(() => simulation({ eventsPerTurn: 0 }), /eventsPerTurn must be/)
    assert.throws(() => sim.at(-1, () => {}), /atMs must be/)
    await assert.rejects(sim.run(0), /ms must be/)
    const running = sim.run(10)
    await assert.rejects(sim.run(10), /running already/)
    await running
  })
})

/** The share of calls that wait, with that many servers and that much offered work (A. K. Erlang, 1917). */
function erlangC(servers: number, erlangs: number): number {
  let blocked = 1
  for (let count = 1; count <= servers; count++) blocked = (erlangs * blocked) / (count + erlangs * blocked)
  return blocked / (1 - (erlangs / servers) * (1 - blocked))
}

function near(actual: number, expected: number, share: number): void {
  assert.ok(Math.abs(actual - expected) <= share * expected, `${actual} is not near ${expected}`)
}
