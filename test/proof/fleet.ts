// A small fleet that a client balances: how much its callers notice of instances that are slow, or that fail.
import { ServiceError } from '../../src/core/errors.ts'
import { peakEwma } from '../../src/discovery/peak-ewma.ts'
import { type BalancedClientOptions, balancedClient } from '../../src/presets/balanced-client.ts'
import { logNormal, type SimulatedServer, type Simulation, simulation } from '../../src/testing/simulator/simulation.ts'
import type { Claim, Finding } from './claim.ts'

const instances = 4
const slots = 16
const meanMs = 10
const sigma = 0.5
const utilisation = 0.35
/** How often each is played, with other chances. */
const seeds = [1, 2, 3, 4, 5]
const perSecond = (utilisation * instances * slots * 1_000) / meanMs
const runMs = 20_000

interface Fleet {
  readonly sim: Simulation
  readonly server: SimulatedServer
}

/** The instances, of which the first one fails that share of its calls at once. */
function fleetOf(seed: number, failRatio: number): Fleet {
  const sim = simulation({ seed })
  const chance = sim.random('failing')
  const server = sim.server('fleet', {
    instances,
    slots,
    serviceMs: logNormal({ medianMs: meanMs / Math.exp(sigma ** 2 / 2), sigma }),
    idempotent: true,
    use: ({ id }) => [
      (next) => (request, ctx) =>
        id === 'fleet/0' && chance() < failRatio
          ? Promise.reject(new ServiceError('unavailable', 'it fails half of its calls', { retry: 'if_idempotent' }))
          : next(request, ctx),
    ],
  })
  return { sim, server }
}

/** Lets callers come, through the client as it ships but for what is said. */
function call({ sim, server }: Fleet, options: Partial<BalancedClientOptions> = {}): void {
  const client = balancedClient(server.contract, {
    instancer: server.instancer,
    over: server.transport(),
    clock: sim.clock,
    // The one that it has by itself, with chances that are the same each time.
    balancer: peakEwma({ random: sim.random('balancer') }),
    pipeline: { random: sim.random('pipeline') },
    ...options,
  })
  sim.load('callers', { perSecond, call: client.call })
}

/** The p99 where so many instances are slow, from the first call on. */
async function p99(seed: number, slow: number, options?: Partial<BalancedClientOptions>): Promise<number> {
  const fleet = fleetOf(seed, 0)
  for (const instance of fleet.server.instances.slice(0, slow)) instance.slow(20)
  call(fleet, options)
  return (await fleet.sim.run(runMs)).load('callers').latencyMs.p99
}

/** That of the healthy fleet divided by that with one slow instance and with two, each for the worst seed. */
async function kept(options?: Partial<BalancedClientOptions>): Promise<readonly [one: number, two: number]> {
  let [one, two] = [Infinity, Infinity]
  for (const seed of seeds) {
    const healthy = await p99(seed, 0, options)
    one = Math.min(one, healthy / (await p99(seed, 1, options)))
    two = Math.min(two, healthy / (await p99(seed, 2, options)))
  }
  return [one, two]
}

/** Slow ones. */
export const slowInstances: Claim = {
  says: `Four instances at ${utilisation * 100} % of their slots, some of them 20 times slower: p99 of the healthy fleet, divided by that of this one, worst of ${seeds.length} seeds`,
  async run(): Promise<readonly Finding[]> {
    const [one, two] = await kept({ pipeline: false, outliers: false })
    const [oneAsShipped, twoAsShipped] = await kept()
    return [
      { what: 'one is slow; the balancer alone, without policies', value: one, atLeast: 0.77 },
      { what: 'two are slow; the balancer alone, without policies', value: two, atLeast: 0.77 },
      { what: 'one is slow; balancedClient() as it ships', value: oneAsShipped, atLeast: 0.77 },
      { what: 'two are slow; balancedClient() as it ships', value: twoAsShipped, atLeast: 0.77 },
    ]
  },
}

/** One that fails fast, which is what makes it look idle. */
export const failingInstance: Claim = {
  says: `The same four, one of which fails half of its calls at once; balancedClient() as it ships, worst of ${seeds.length} seeds`,
  async run(): Promise<readonly Finding[]> {
    let share = 0
    let failed = 0
    for (const seed of seeds) {
      const fleet = fleetOf(seed, 0.5)
      call(fleet)
      failed += (await fleet.sim.run(2_000)).load('callers').failed
      const report = await fleet.sim.run(runMs)
      failed += report.load('callers').failed
      const { arrivedAt, arrived } = report.server('fleet')
      share = Math.max(share, (arrivedAt[0] ?? 0) / arrived)
    }
    return [
      { what: 'from 2 s on: calls that it gets', value: share, as: 'share', atMost: 0.05 },
      { what: 'errors that a caller sees, from the first call on', value: failed, atMost: 0 },
    ]
  },
}
