// Hedging: what a second attempt does to the tail of latencies, and what it costs.
import { hedge } from '../../src/resilience/hedge.ts'
import { retryBudget } from '../../src/resilience/retry-budget.ts'
import { logNormal, simulation, slowTail } from '../../src/testing/simulator/simulation.ts'
import type { Claim, Finding } from './claim.ts'

const perSecond = 1_000
const runMs = 60_000

/** What becomes of calls of which each hundredth is a hundred times slower. */
async function played(hedged: boolean) {
  const sim = simulation({ seed: 1 })
  const server = sim.server('store', {
    instances: 10,
    idempotent: true,
    serviceMs: slowTail(logNormal({ medianMs: 10, sigma: 0.3 }), { ratio: 0.01, factor: 100 }),
  })
  const policy = hedge({ quantile: 0.95 })
  const call = server.client({ use: hedged ? [policy] : [] })
  sim.load('callers', { perSecond, call })
  return { report: await sim.run(runMs), policy }
}

/** The most that attempts of one second went beyond what the budget gives: that of its rate, and what was banked of the second before. */
function overspent(offered: readonly number[], arrived: readonly number[]): number {
  const { ratio, reservePerSecond } = retryBudget().snapshot()
  const over = offered.map((calls, second) => {
    const extra = (arrived[second] ?? 0) - calls
    const share = ratio * calls
    return extra - 2 * (share + Math.min(reservePerSecond, share / 2))
  })
  return Math.max(...over)
}

/** The tail. */
export const hedging: Claim = {
  says: 'Hedge at p95, 1 % of the calls 100 times slower, 1,000 calls/s for 60 s',
  async run(): Promise<readonly Finding[]> {
    const [plain, hedged] = [await played(false), await played(true)]
    const [before, after] = [plain, hedged].map(({ report }) => report.load('callers').latencyMs.p999) as [
      number,
      number,
    ]
    const load = hedged.report.load('callers')
    const store = hedged.report.server('store')
    return [
      { what: 'p99.9 without, divided by p99.9 with it', value: before / after, atLeast: 5 },
      { what: 'attempts for each call', value: store.arrived / load.offered, atMost: 1.21 },
      {
        what: 'attempts beyond the budget, in the worst second',
        value: Math.max(0, overspent(load.intervals.offered, store.intervals.arrived)),
        atMost: 0,
      },
    ]
  },
}
