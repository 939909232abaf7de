// Retries of several layers: how many calls a dead leaf gets when each layer has a client that repeats what failed.
import type { Middleware } from '../../src/core/endpoint.ts'
import type { ServiceError } from '../../src/core/errors.ts'
import type { Pipeline } from '../../src/core/pipeline.ts'
import { clientPipeline } from '../../src/presets/client-pipeline.ts'
import type { Random } from '../../src/primitives/random.ts'
import { retry } from '../../src/resilience/retry.ts'
import { type SimulatedCall, type Simulation, simulation } from '../../src/testing/simulator/simulation.ts'
import type { Claim, Finding } from './claim.ts'

const layers = 5
/** So long that no deadline cuts the attempts of a layer short. */
const timeoutMs = 60_000
const runMs = 60_000

type Client = (random: Random) => { readonly use?: readonly Middleware[]; readonly pipeline?: Pipeline }

/** What peers do: whatever is unavailable is repeated, whoever has repeated it already. */
const peers: Client = (random) => ({
  use: [
    retry({
      attempts: 3,
      budget: false,
      when: ({ code }: ServiceError) => code === 'unavailable',
      backoff: { random },
    }),
  ],
})
const marks: Client = (random) => ({ use: [retry({ attempts: 3, budget: false, backoff: { random } })] })
const budgets: Client = (random) => ({ use: [retry({ attempts: 3, backoff: { random } })] })
const preset: Client = (random) => ({ pipeline: clientPipeline({ random }) })

/** Five services in a row, the load before the first; returns the simulation and what the leaf is called. */
function chainOf(sim: Simulation, client: Client, errorRatio: number, leafErrorRatio: number): SimulatedCall {
  let call: SimulatedCall | undefined
  for (let layer = layers; layer >= 1; layer--) {
    const below = call
    const server = sim.server(`layer${layer}`, {
      serviceMs: 1,
      idempotent: true,
      timeoutMs,
      errorRatio: layer === layers ? leafErrorRatio : errorRatio,
      ...(below !== undefined && { handle: (request, ctx) => below(request, ctx) }),
    })
    call = server.client(client(sim.random(`client ${layer}`)))
  }
  return call as SimulatedCall
}

async function leafLoad(client: Client, perSecond: number): Promise<number> {
  const sim = simulation({ seed: 1 })
  const call = chainOf(sim, client, 0, 1)
  sim.load('callers', { perSecond, call, arrivals: 'even', untilMs: runMs })
  // The last calls have time to end.
  const report = await sim.run(runMs + timeoutMs)
  return report.server(`layer${layers}`).amplification
}

/** The load of a dead leaf. */
export const amplification: Claim = {
  says: 'Five layers, three attempts each, the leaf down for 60 s: calls that the leaf gets for each that is made',
  async run(): Promise<readonly Finding[]> {
    return [
      // The factor is the same at any rate; at 1,000 a second these would be 22 million calls.
      {
        what: 'neither budgets nor marks, as peers do it (5 calls/s)',
        value: await leafLoad(peers, 5),
        atLeast: 243,
        atMost: 243,
      },
      { what: 'retry marks only (1,000 calls/s)', value: await leafLoad(marks, 1_000), atMost: 3.01 },
      { what: 'marks and budgets (1,000 calls/s)', value: await leafLoad(budgets, 1_000), atMost: 1.3 },
      { what: 'clientPipeline() as it ships (1,000 calls/s)', value: await leafLoad(preset, 1_000), atMost: 1.05 },
    ]
  },
}

/** Errors that come by chance. */
export const randomErrors: Claim = {
  says: 'The same five layers, 1 % of the calls fail in each of them: calls that succeed',
  async run(): Promise<readonly Finding[]> {
    const findings: Finding[] = []
    for (const [what, client] of [
      ['marks and budgets (1,000 calls/s)', budgets],
      ['clientPipeline() as it ships (1,000 calls/s)', preset],
    ] as const) {
      const sim = simulation({ seed: 1 })
      const call = chainOf(sim, client, 0.01, 0.01)
      sim.load('callers', { perSecond: 1_000, call, arrivals: 'even' })
      const report = await sim.run(runMs)
      findings.push({ what, value: report.load('callers').successRatio, as: 'share', atLeast: 0.9999 })
    }
    return findings
  },
}
