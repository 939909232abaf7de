// The in-memory wire against the conformance suite of transports: on virtual time, with shared messages and with bytes.
import { describe, it } from 'node:test'
import { conformance } from '../../testing/conformance/conformance.ts'
import { type TransportHarness, transportCases } from '../../testing/conformance/transport.ts'
import { type ManualClock, manualClock } from '../../testing/manual-clock.ts'
import { type Codec, jsonCodec } from '../codec.ts'
import { memoryClient } from './client.ts'
import { memoryServer } from './server.ts'

function harness(clock: ManualClock, codec: Codec | undefined): TransportHarness {
  return {
    clock,
    pass: (ms) => clock.advance(ms),
    async serve(served, options) {
      const server = await memoryServer(conformance, served, { ...options, codec }).listen()
      return {
        client: (clientOptions) => memoryClient(conformance, { server, ...clientOptions }),
        close: () => server.close(),
        inFlight: () => server.stats.inFlight,
      }
    },
  }
}

for (const [how, codec] of [
  ['shared messages', undefined],
  ['JSON', jsonCodec()],
] as const) {
  describe(`the in-memory wire with ${how}`, () => {
    for (const { name, run } of transportCases) it(name, () => run(harness(manualClock(), codec)))
  })
}
