// HTTP over real sockets against the conformance suite of transports; time alone is virtual.
import { describe, it } from 'node:test'
import { conformance } from '../../testing/conformance/conformance.ts'
import { type TransportHarness, transportCases } from '../../testing/conformance/transport.ts'
import { type ManualClock, manualClock } from '../../testing/manual-clock.ts'
import { httpClient } from './client.ts'
import { httpServer } from './server.ts'

/** Lets what is on its way between two sockets of this process arrive. */
async function arrive(): Promise<void> {
  for (let turn = 0; turn < 300; turn++) await new Promise(setImmediate)
}

function harness(clock: ManualClock): TransportHarness {
  return {
    clock,
    without: ['bidiStream'],
    tellsSizes: true,
    async pass(ms) {
      await arrive()
      await clock.advance(ms)
      await arrive()
    },
    async serve(served, options) {
      const server = await httpServer(conformance, served, options).listen({ host: '127.0.0.1' })
      return {
        client: (clientOptions) => httpClient(conformance, { baseUrl: server.url, ...clientOptions }),
        close: () => server.close(),
        inFlight: () => server.stats.inFlight,
      }
    },
  }
}

describe('HTTP', () => {
  for (const { name, run } of transportCases) it(name, () => run(harness(manualClock())))
})
