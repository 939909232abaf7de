// Consul, from its Go module: a development agent, which is a server of one and keeps all in memory. 1.13 is of the last line under the MPL.
import { join } from 'node:path'
import { go } from '../go.ts'
import type { Server } from '../server.ts'

const host = '127.0.0.1'

/** A restart forgets all that it was told. It works in the datacenter `dc1`, on the node `dev`. */
export const consul: Server<'http' | 'dns' | 'server' | 'serf'> = {
  name: 'consul',
  source: go({
    folder: import.meta.dirname,
    module: 'github.com/hashicorp/consul',
    programs: { consul: 'github.com/hashicorp/consul' },
  }),
  serving: {
    ports: ['http', 'dns', 'server', 'serf'],
    launch: ({ installed, ports }) => ({
      command: join(installed, 'bin/consul'),
      args: [
        'agent',
        '-dev',
        '-node=dev',
        `-bind=${host}`,
        `-client=${host}`,
        `-http-port=${ports.http}`,
        `-dns-port=${ports.dns}`,
        `-server-port=${ports.server}`,
        `-serf-lan-port=${ports.serf}`,
        '-serf-wan-port=-1',
        '-grpc-port=-1',
        '-log-level=warn',
      ],
      env: { CHECKPOINT_DISABLE: '1' },
    }),
    // It answers before it has a leader, and then refuses what it is told.
    isReady: async ({ ports }) => {
      const reply = await fetch(`http://${host}:${ports.http}/v1/status/leader`)
      return (await reply.json()) === `${host}:${ports.server}`
    },
    addresses: ({ ports }) => ({ url: `http://${host}:${ports.http}`, dns: `${host}:${ports.dns}` }),
  },
}
