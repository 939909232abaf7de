// The row about the simulator: how much faster than real time an hour goes by, of 50 instances and 1,000 calls a second with the client's preset on.
import { prometheus } from 'servicekit/metrics/prometheus/prometheus'
import { clientPipeline } from 'servicekit/presets/client-pipeline'
import { logNormal, type Simulation, simulation } from 'servicekit/testing/simulator/simulation'
import type { Row } from '../harness/row.ts'
import { median, spread } from '../harness/statistics.ts'

const name = 'simulator'
const bar = 100
const seconds = 3_600
/** So long is each slice, in seconds of virtual time; the last line of the table is about their sum. */
const sliceSeconds = 60
const callsPerSecond = 1_000

/** One in a thousand calls fails, so that retries and the breaker have something to do. */
function world(): Simulation {
  const sim = simulation({ seed: 1 })
  const service = sim.server('service', {
    instances: 50,
    slots: 8,
    queue: 100,
    serviceMs: logNormal({ medianMs: 5, sigma: 0.5 }),
    errorRatio: 0.001,
    idempotent: true,
  })
  const pipeline = clientPipeline({ metrics: prometheus(), random: sim.random('pipeline') })
  sim.load('callers', { perSecond: callsPerSecond, call: service.client({ pipeline }) })
  return sim
}

/** The ratio is that of the whole hour: the virtual one to what it took, the compiling of the code and the collecting of the garbage included. */
export const simulator: Row = {
  name,
  async run() {
    const sim = world()
    const speeds: number[] = []
    let calls = 0
    let attempts = 0
    let failed = 0
    const startedAt = process.hrtime.bigint()
    const cpu = process.cpuUsage()
    for (let slice = 0; slice < seconds / sliceSeconds; slice++) {
      const sliceAt = process.hrtime.bigint()
      const report = await sim.run(sliceSeconds * 1_000)
      speeds.push(sliceSeconds / since(sliceAt))
      const load = report.load('callers')
      calls += load.offered
      failed += load.failed
      attempts += report.client('service').attempts
    }
    const took = since(startedAt)
    const { user, system } = process.cpuUsage(cpu)
    if (calls < 0.99 * seconds * callsPerSecond || failed > 1e-4 * calls)
      throw new Error(`${calls} calls were made, of which ${failed} failed`)
    const figure = {
      name,
      value: (took * 1e6) / calls,
      unit: 'us a call',
      spread: spread(speeds),
      perSecond: calls / took,
    }
    const peer = { name: `${name} real time`, value: 1_000, unit: 'us a call', spread: 0, perSecond: callsPerSecond }
    return {
      figure,
      compared: [{ name, figure: peer, ratio: seconds / took, bar }],
      notes: [
        `${name}: ${calls} calls and ${attempts} attempts in ${took.toFixed(1)} s; ${median(speeds).toFixed(0)} times real time in the median minute, ${((user + system) / calls).toFixed(2)} us of CPU a call with the collector's threads`,
      ],
    }
  },
}

function since(at: bigint): number {
  return Number(process.hrtime.bigint() - at) / 1e9
}
