// Eureka as the bench has it: Spring's server, by deltas, asked ten times a second.
import { setTimeout } from 'node:timers/promises'
import { eurekaInstancer } from 'servicekit/discovery/eureka/instancer'
import { eurekaRegistrar } from 'servicekit/discovery/eureka/registrar'
import { eureka } from '../../test/servers/eureka/eureka.ts'
import { service } from './changes.ts'
import type { Registered } from './registered.ts'

export const inEureka: Registered = {
  title: 'Eureka of Spring Cloud 2025.0.0, whose deltas have what changed in the last minutes',
  server: eureka,
  listens: ({ url = '' }) => url,
  instancer: (at) => eurekaInstancer({ service, url: `http://${at}`, pollIntervalMs: 100 }),
  registrar: (at) => eurekaRegistrar({ url: `http://${at}` }),
  // Deltas have what changed in the last three minutes: of a fleet that has just come, that is all of it.
  settled: async (at) => {
    for (let changed = true; changed; await setTimeout(5_000)) {
      const reply = await fetch(`http://${at}/apps/delta`, { headers: { accept: 'application/json' } })
      changed = (await reply.text()).includes('"instanceId"')
    }
  },
}
