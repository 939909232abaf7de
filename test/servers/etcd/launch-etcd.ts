// How an etcd of one member is started and asked, whatever its version: a cluster of one, and clients and peers on loopback.
import { join } from 'node:path'
import type { Launch, Place, Serving } from '../server.ts'

const host = '127.0.0.1'

/** What it listens on. */
export type EtcdPort = 'client' | 'peer'

/** Its data stays over a restart. `url` is where clients come, by gRPC and by HTTP. */
export function servingEtcd(program: string, flags: readonly string[] = []): Serving<EtcdPort> {
  return {
    ports: ['client', 'peer'],
    launch: (place) => launchEtcd(place, program, flags),
    isReady: async ({ ports }) => {
      const reply = await fetch(`http://${host}:${ports.client}/health`)
      return ((await reply.json()) as { readonly health: string }).health === 'true'
    },
    addresses: ({ ports }) => ({ url: `http://${host}:${ports.client}` }),
  }
}

function launchEtcd({ installed, folder, ports }: Place<EtcdPort>, program: string, flags: readonly string[]): Launch {
  const client = `http://${host}:${ports.client}`
  const peer = `http://${host}:${ports.peer}`
  return {
    command: join(installed, program),
    args: [
      '--name=one',
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=one=${peer}`,
      '--log-level=error',
      '--unsafe-no-fsync',
      ...flags,
    ],
  }
}
