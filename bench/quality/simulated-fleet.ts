// A small fleet on virtual time, of which some instances are far slower than the others.
import { balancedClient } from 'servicekit/presets/balanced-client'
import { logNormal, simulation } from 'servicekit/testing/simulator/simulation'
import { quantile } from '../harness/statistics.ts'
import { type BalancerOf, oracle } from './balancers.ts'

export const instances = 4
export const slots = 16
export const meanMs = 10
export const sigma = 0.5
export const utilisation = 0.35
export const slowFactor = 20
/** Each run is measured for so long. */
export const measuredMs = 30_000
/** So long all is well where instances become slow. */
const wellMs = 10_000

/** What is played. */
export interface Play {
  readonly seed: number
  readonly balancer: BalancerOf
  /** How many instances are slow. */
  readonly slow: number
  /** Whether they are from the beginning, or become so while all are called; what comes before that is not measured. */
  readonly since: 'start' | 'later'
  /** `none` leaves the choice to the balancer alone; `preset` is the client as it ships. */
  readonly policies: 'none' | 'preset'
}

/** What became of the calls. */
export interface Played {
  /** In milliseconds, of all calls; those that failed took as long as they did. */
  readonly p99: number
  /** Which share of the calls that arrived did so at slow instances. */
  readonly slowShare: number
  readonly failedShare: number
}

/** Plays it; the same each time. */
export async function played({ seed, balancer, slow, since, policies }: Play): Promise<Played> {
  const sim = simulation({ seed })
  const medianMs = meanMs / Math.exp(sigma ** 2 / 2)
  const fleet = sim.server('fleet', {
    instances,
    slots,
    serviceMs: logNormal({ medianMs, sigma }),
    idempotent: true,
  })
  const slowOnes = fleet.instances.slice(0, slow)
  const client = balancedClient(fleet.contract, {
    instancer: fleet.instancer,
    over: fleet.transport(),
    clock: sim.clock,
    balancer: balancer({ random: sim.random('balancer'), slow: new Set(slowOnes.map(({ id }) => id)) }),
    // A key for the ring: each thousandth call is about the same thing.
    key: (request: number) => `user ${request % 1_000}`,
    ...(policies === 'none' ? { pipeline: false, outliers: false } : { pipeline: { random: sim.random('pipeline') } }),
  })
  const tookMs: number[] = []
  let measuring = false
  sim.load('callers', {
    perSecond: (utilisation * instances * slots * 1_000) / meanMs,
    call: (request, ctx) => {
      if (!measuring) return client.call(request, ctx)
      const startedAt = ctx.clock.now()
      const note = () => void tookMs.push(ctx.clock.now() - startedAt)
      return client.call(request, ctx).finally(note)
    },
  })
  if (since === 'later') await sim.run(wellMs)
  for (const instance of slowOnes) instance.slow(slowFactor)
  measuring = true
  const report = await sim.run(measuredMs)
  const { arrivedAt, arrived } = report.server('fleet')
  const { succeeded, failed } = report.load('callers')
  const slowCalls = arrivedAt.slice(0, slow).reduce((sum, calls) => sum + calls, 0)
  return { p99: quantile(tookMs, 0.99), slowShare: slowCalls / arrived, failedShare: failed / (succeeded + failed) }
}

/** The same with nobody slow, and with a balancer that knows who is. */
export async function playedBeside(play: Play): Promise<{
  readonly own: Played
  readonly healthy: Played
  readonly knowing: Played
}> {
  return {
    own: await played(play),
    healthy: await played({ ...play, slow: 0 }),
    knowing: await played({ ...play, balancer: oracle }),
  }
}
