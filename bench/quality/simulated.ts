// The rows on virtual time: what slow instances do to the p99 of the whole fleet, by balancer.
import type { Comparison, Figure, Row } from '../harness/row.ts'
import { median, spread } from '../harness/statistics.ts'
import { type BalancerOf, balancers } from './balancers.ts'
import { type Play, type Played, playedBeside } from './simulated-fleet.ts'

const seeds = [1, 2, 3, 4, 5]
/** Of peak EWMA only: the others are published as they are. */
const bar = 0.77

/** What is slow, and how that is called. */
const troubles = [
  { name: 'one-slow', slow: 1 },
  { name: 'two-slow', slow: 2 },
] as const

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}

function row(name: string, play: Omit<Play, 'seed'>, promised?: number): Row {
  return {
    name,
    async run() {
      const runs: { own: Played; healthy: Played; knowing: Played }[] = []
      for (const seed of seeds) runs.push(await playedBeside({ ...play, seed }))
      const figure = (label: string, who: 'own' | 'healthy' | 'knowing'): Figure => {
        const values = runs.map((run) => run[who].p99)
        return { name: label, value: median(values), unit: 'ms at p99', spread: spread(values) }
      }
      const beside = (label: string, who: 'healthy' | 'knowing', bar?: number): Comparison => {
        const ratio = median(runs.map((run) => run[who].p99 / run.own.p99))
        return { name: label, figure: figure(label, who), ratio, bar }
      }
      const worst = Math.min(...runs.map(({ own, healthy }) => healthy.p99 / own.p99))
      const shares = runs.map(({ own }) => own.slowShare)
      const failed = runs.map(({ own }) => own.failedShare)
      return {
        figure: figure(name, 'own'),
        compared: [
          { ...beside(name, 'healthy', promised), figure: figure(`${name} healthy fleet`, 'healthy') },
          beside(`${name} oracle`, 'knowing'),
        ],
        notes: [
          `${name}: of ${seeds.length} seeds the worst has ${worst.toFixed(2)}; the slow got ${percent(median(shares))} of the calls, ${percent(Math.max(...shares))} at most; ${percent(Math.max(...failed))} failed at most`,
        ],
      }
    },
  }
}

function rowsOf(name: string, balancer: BalancerOf): Row[] {
  const promised = name === 'peak-ewma' ? bar : undefined
  return troubles.flatMap(({ name: trouble, slow }) => {
    const play = { balancer, slow, since: 'start', policies: 'none' } as const
    return [
      row(`${name} ${trouble}`, play, promised),
      row(`${name} ${trouble} later`, { ...play, since: 'later' }, promised),
      row(`${name} ${trouble} preset`, { ...play, policies: 'preset' }, promised),
    ]
  })
}

export const simulatedRows: readonly Row[] = Object.entries(balancers).flatMap(([name, of]) => rowsOf(name, of))
