// What the pictures of docs/guide/balancing.md show: each balancer in the simulator, before instances of which one is not well.
import type { Middleware } from '../../../src/core/endpoint.ts'
import { ServiceError } from '../../../src/core/errors.ts'
import type { Balancer } from '../../../src/discovery/balancer.ts'
import { hashRing } from '../../../src/discovery/hash-ring.ts'
import { type Instancer, instancerFrom } from '../../../src/discovery/instancer.ts'
import { leastLoaded } from '../../../src/discovery/least-loaded.ts'
import { peakEwma } from '../../../src/discovery/peak-ewma.ts'
import { random as anyOf } from '../../../src/discovery/random.ts'
import { roundRobin } from '../../../src/discovery/round-robin.ts'
import { twoChoices } from '../../../src/discovery/two-choices.ts'
import { weighted } from '../../../src/discovery/weighted.ts'
import { zones } from '../../../src/discovery/zones.ts'
import { balancedClient } from '../../../src/presets/balanced-client.ts'
import type { Random } from '../../../src/primitives/random.ts'
import { logNormal, type SimulatedServer, simulation } from '../../../src/testing/simulator/simulation.ts'
import type { Bar, Panel } from './bars.ts'

/** One balancer of the page. */
export interface Shown {
  /** The file, and the anchor. */
  readonly name: string
  /** As a program writes it. */
  readonly title: string
  readonly balancer: (random: Random) => Balancer
  /** What the set says of the instance of that number; the first one is the one that is not well. @default nothing */
  readonly more?: ((at: number) => { readonly weight?: number; readonly zone?: string }) | undefined
  /** What a bar is called. @default the number of the instance, from 1 */
  readonly label?: ((at: number) => string) | undefined
}

/** All that have a picture, in the order of the page. */
export const shown: readonly Shown[] = [
  { name: 'round-robin', title: 'roundRobin()', balancer: () => roundRobin() },
  { name: 'random', title: 'random()', balancer: (random) => anyOf({ random }) },
  {
    name: 'weighted',
    title: 'weighted()',
    balancer: (random) => weighted({ random }),
    more: (at) => ({ weight: at < 2 ? 1 : 2 }),
    label: (at) => (at < 2 ? 'weight 1' : 'weight 2'),
  },
  { name: 'two-choices', title: 'twoChoices()', balancer: (random) => twoChoices({ random }) },
  { name: 'least-loaded', title: 'leastLoaded()', balancer: (random) => leastLoaded({ random }) },
  { name: 'peak-ewma', title: 'peakEwma()', balancer: (random) => peakEwma({ random }) },
  { name: 'hash-ring', title: 'hashRing()', balancer: (random) => hashRing({ random }) },
  {
    name: 'zones',
    title: "zones({ own: 'a', of: peakEwma })",
    balancer: (random) => zones({ own: 'a', of: () => peakEwma({ random }) }),
    more: (at) => ({ zone: at < 2 ? 'a' : 'b' }),
    label: (at) => (at < 2 ? 'zone a' : 'zone b'),
  },
]

const instances = 4
const slots = 16
const meanMs = 10
const sigma = 0.5
const load = 0.35
/** What is measured are the ten seconds after that: until then clients learn. */
const warmUpMs = 5_000
const measuredMs = 10_000

/** The panels of one picture. */
export async function panelsOf(shown: Shown): Promise<readonly Panel[]> {
  return [
    await run(shown, 'one is 20 times slower', 'slow', false),
    await run(shown, 'one fails half its calls at once', 'failing', false),
    await run(shown, 'the same, with the pipeline', 'failing', true),
  ]
}

async function run(shown: Shown, title: string, trouble: 'slow' | 'failing', hasPipeline: boolean): Promise<Panel> {
  const sim = simulation({ seed: 1 })
  const chance = sim.random('failures')
  const failHalf: Middleware = (next) => (request, ctx) =>
    chance() < 0.5 ? Promise.reject(new ServiceError('unavailable', 'fails at once')) : next(request, ctx)
  const server = sim.server('shop', {
    instances,
    slots,
    serviceMs: logNormal({ medianMs: meanMs / Math.exp(sigma ** 2 / 2), sigma }),
    idempotent: true,
    use: ({ id }) => (trouble === 'failing' && id === 'shop/0' ? [failHalf] : []),
  })
  if (trouble === 'slow') server.instance(0).slow(20)
  const random = sim.random('pipeline')
  await using client = balancedClient(server.contract, {
    instancer: listed(server, shown),
    over: server.transport(),
    clock: sim.clock,
    balancer: shown.balancer(sim.random('balancer')),
    // Each call is about one of a thousand users.
    key: (user: number) => `user ${user}`,
    ...(hasPipeline ? { pipeline: { random } } : { pipeline: false, outliers: false }),
  })
  const users = sim.random('users')
  const perSecond = (instances * slots * load * 1_000) / meanMs
  sim.load('callers', { perSecond, call: client.call, request: () => Math.floor(users() * 1_000) })
  await sim.run(warmUpMs)
  const report = await sim.run(measuredMs)
  const { latencyMs, successRatio } = report.load('callers')
  const { arrivedAt } = report.server('shop')
  const arrived = arrivedAt.reduce((sum, each) => sum + each, 0)
  const { label = (at: number) => String(at + 1) } = shown
  return {
    title,
    bars: arrivedAt.map((count, at): Bar => {
      const isIll = at === 0
      return { label: isIll ? trouble : label(at), share: count / arrived, isIll }
    }),
    p99Ms: latencyMs.p99,
    failureRatio: 1 - successRatio,
  }
}

function listed(server: SimulatedServer, { more }: Shown): Instancer {
  if (more === undefined) return server.instancer
  return instancerFrom('shop', async function* (signal) {
    const all = server.instancer
    const told = Promise.withResolvers<void>()
    using _ = all.subscribe(() => told.resolve())
    await told.promise
    yield (all.current.instances ?? []).map((instance, at) => ({ ...instance, ...more(at) }))
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  })
}
