// Overload: what a server completes when three times as many calls come as it can serve, and how soon it is well again.
import { clientPipeline } from '../../src/presets/client-pipeline.ts'
import { serverPipeline } from '../../src/presets/server-pipeline.ts'
import { exponential, simulation } from '../../src/testing/simulator/simulation.ts'
import type { Claim, Finding } from './claim.ts'

const slots = 20
const serviceMs = 20
/** Calls a second that all slots can complete. */
const capacity = (slots * 1_000) / serviceMs
const normal = capacity / 2
const beforeMs = 20_000
const overloadMs = 60_000
const afterMs = 20_000
/** From then on all must be as it was before. */
const recoveryMs = 2_000

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Shedding and recovery. */
export const overload: Claim = {
  says: `Three times the capacity (${capacity} calls/s) for 60 s, open loop, a quarter of it critical; clients with their pipeline, the server with its own, its bulkhead as wide as its slots and with a queue`,
  async run(): Promise<readonly Finding[]> {
    const sim = simulation({ seed: 1 })
    const random = sim.random('pipelines')
    const idle = { level: () => 0 }
    const server = sim.server('shop', {
      slots,
      serviceMs: exponential({ meanMs: serviceMs }),
      idempotent: true,
      timeoutMs: 1_000,
      // The virtual clock has no event loop that could be late: the queue of the bulkhead is what tells of load.
      use: () => serverPipeline({ loadShed: { pressure: idle }, bulkhead: { limit: slots, queue: 1_000 }, random }).use,
    })
    const call = server.client({ pipeline: clientPipeline({ random }) })
    const criticality = { critical: 0.25, sheddable: 0.75 }
    sim.load('users', { perSecond: normal, call, criticality })
    sim.load('crowd', {
      perSecond: 3 * capacity - normal,
      call,
      criticality,
      fromMs: beforeMs,
      untilMs: beforeMs + overloadMs,
    })
    const before = await sim.run(beforeMs)
    const during = await sim.run(overloadMs)
    await sim.run(recoveryMs)
    const after = await sim.run(afterMs - recoveryMs)
    const loads = ['users', 'crowd'].map((name) => during.load(name))
    const critical = loads.map(({ byCriticality }) => byCriticality.critical)
    const succeeded = critical.reduce((sum, report) => sum + (report?.succeeded ?? 0), 0)
    const failed = critical.reduce((sum, report) => sum + (report?.failed ?? 0), 0)
    const goodput = loads.reduce((sum, report) => sum + report.goodputPerSecond, 0)
    const [usual, again] = [before, after].map((report) => average(report.load('users').intervals.p99Ms)) as [
      number,
      number,
    ]
    return [
      { what: 'goodput, as a share of the capacity', value: goodput / capacity, as: 'share', atLeast: 0.9 },
      { what: 'critical calls that succeed', value: succeeded / (succeeded + failed), as: 'share', atLeast: 0.99 },
      {
        what: 'from 2 s after it: calls that succeed',
        value: after.load('users').successRatio,
        as: 'share',
        atLeast: 0.999,
      },
      { what: 'from 2 s after it: p99, divided by that of before', value: again / usual, atMost: 1.1 },
    ]
  },
}
