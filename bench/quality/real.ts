// The rows with real processes: slow instances beside a healthy fleet by turns, and an instance that fails half of its calls at once.
import type { Figure, Row } from '../harness/row.ts'
import { median, spread } from '../harness/statistics.ts'
import { RealFleet, type RealPlayed } from './real-fleet.ts'

const rounds = 5
/** Compiles the code and opens the connections; of instances in trouble the client is told nothing by it, as each run has a new client. */
const warmUpMs = 3_000
const measuredMs = 10_000
const slowFactor = 20
const failRatio = 0.5
/** From then on the one that fails must have at most its share. */
const noticedMs = 2_000
const mostShare = 0.05

function figureOf(name: string, values: readonly number[], unit: string, verdict?: string): Figure {
  return { name, value: median(values), unit, spread: spread(values), verdict }
}

function latest(runs: readonly RealPlayed[]): string {
  return `the driver was ${Math.max(...runs.map(({ latestMs }) => latestMs)).toFixed(0)} ms late at most`
}

function slowRow(name: string, count: number): Row {
  return {
    name,
    async run() {
      await using fleet = await RealFleet.start()
      await fleet.play({ count: 0 }, 0, warmUpMs)
      const [own, healthy]: [RealPlayed[], RealPlayed[]] = [[], []]
      for (let round = 0; round < rounds; round++) {
        healthy.push(await fleet.play({ count: 0 }, 0, measuredMs))
        own.push(await fleet.play({ count, factor: slowFactor }, 0, measuredMs))
      }
      const ratios = own.map(({ p99 }, round) => (healthy[round]?.p99 ?? Number.NaN) / p99)
      const shares = own.map(({ troubledShare }) => troubledShare * 100)
      const failed = [...own, ...healthy].reduce((sum, run) => sum + run.failed, 0)
      const p99s = (runs: readonly RealPlayed[]) => runs.map(({ p99 }) => p99)
      const peer = figureOf(`${name} healthy fleet`, p99s(healthy), 'ms at p99')
      return {
        figure: figureOf(name, p99s(own), 'ms at p99'),
        compared: [{ name, figure: peer, ratio: median(ratios), bar: 0.77 }],
        notes: [
          fleet.note,
          `${name}: of ${rounds} rounds the worst has ${Math.min(...ratios).toFixed(2)}; the slow got ${median(shares).toFixed(2)} % of the calls; ${failed} failed; ${latest([...own, ...healthy])}`,
        ],
      }
    },
  }
}

function failingRow(name: string): Row {
  return {
    name,
    async run() {
      await using fleet = await RealFleet.start()
      await fleet.play({ count: 0 }, 0, warmUpMs)
      const runs: RealPlayed[] = []
      for (let round = 0; round < rounds; round++)
        runs.push(await fleet.play({ count: 1, failRatio }, noticedMs, measuredMs))
      const shares = runs.map(({ troubledShare }) => troubledShare)
      const failed = runs.reduce((sum, run) => sum + run.failed, 0)
      const isMet = Math.max(...shares) <= mostShare && failed === 0
      const verdict = `<= ${mostShare * 100} % and no error: ${isMet ? 'met' : 'MISSED'}`
      return {
        figure: figureOf(
          name,
          shares.map((share) => share * 100),
          '% of the calls',
          verdict,
        ),
        notes: [
          `${name}: at most ${(Math.max(...shares) * 100).toFixed(2)} % in one of ${rounds} rounds; callers saw ${failed} errors, those of the first ${noticedMs / 1_000} s included; ${latest(runs)}`,
        ],
      }
    },
  }
}

export const realRows: readonly Row[] = [
  slowRow('processes one-slow', 1),
  slowRow('processes two-slow', 2),
  failingRow('processes failing'),
]
