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

/** What becomes of calls that all take five times the delay after which they are hedged. */
async function playedSlow() {
  const sim = simulation({ seed: 1 })
  const server = sim.server('store', { instances: 10, idempotent: true, serviceMs: 100 })
  const policy = hedge({ delayMs: 20 })
  sim.load('callers', { perSecond, call: server.client({ use: [policy] }), arrivals: 'even' })
  return { report: await sim.run(runMs), policy }
}

/**
 * How many hedges the budget allows in each second. It fills at no more than `ratio` of the calls a second and the reserve, or half
 * of the share where that is less. A new one has its reserve besides. From then on nearly every millisecond a call asks for one, and to
 * that less than one comes: so the bank is below 1 after each answer, and there is less than one hedge left of the second before.
 */
function allowed(offered: readonly number[]): number[] {
  const { ratio, reservePerSecond } = retryBudget().snapshot()
  return offered.map((calls, second) => {
    const share = ratio * calls
    return share + Math.min(reservePerSecond, share / 2) + (second === 0 ? reservePerSecond : 1)
  })
}

/** The price, where hedges are of no use and every call wants one. */
export const hedgingInVain: Claim = {
  says: 'Hedge after 20 ms where all calls take 100 ms, 1,000 calls/s for 60 s',
  async run(): Promise<readonly Finding[]> {
    const { report, policy } = await playedSlow()
    const { offered } = report.load('callers').intervals
    const { arrived } = report.server('store').intervals
    const most = allowed(offered)
    const extra = offered.map((calls, second) => (arrived[second] ?? 0) - calls)
    const { hedged, refused } = policy.snapshot()
    const over = extra.map((hedges, second) => hedges - (most[second] ?? 0))
    return [
      { what: 'hedges beyond the budget, in the worst second', value: Math.max(0, ...over), atMost: 0 },
      { what: 'hedges that were refused', value: refused / (hedged + refused), as: 'share', atLeast: 0.75 },
      { what: 'hedges made, of those that the budget allows', value: hedged / sum(most), as: 'share', atLeast: 0.9 },
    ]
  },
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
