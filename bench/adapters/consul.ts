// Consul as the bench has it: a development agent. It answers with all instances, whatever has changed.
import { consulInstancer } from 'servicekit/discovery/consul/instancer'
import { consulRegistrar } from 'servicekit/discovery/consul/registrar'
import { consul } from '../../test/servers/consul/consul.ts'
import { service } from './changes.ts'
import type { Registered } from './registered.ts'

export const inConsul: Registered = {
  title: 'Consul 1.13.9, whose queries have no deltas',
  server: consul,
  listens: ({ url = '' }) => url,
  instancer: (at) => consulInstancer({ service, url: `http://${at}`, minQueryIntervalMs: 10 }),
  registrar: (at) => consulRegistrar({ url: `http://${at}`, check: false }),
}
