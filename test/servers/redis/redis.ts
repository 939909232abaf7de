// Redis, as Debian packages it, without persistence: what it knew is gone after a crash, which is what its clients must live with.
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { aptWithLibraries, libraryPath } from '../apt.ts'
import type { Place, Server } from '../server.ts'

const host = '127.0.0.1'

function launch({ installed, folder, ports }: Place<'redis'>, ...more: readonly string[]) {
  return {
    command: join(installed, 'usr/bin/redis-server'),
    args: [
      ...['--bind', host, '--port', String(ports.redis), '--dir', folder],
      ...['--save', '', '--appendonly', 'no', '--daemonize', 'no', '--loglevel', 'warning', ...more],
    ],
    env: { LD_LIBRARY_PATH: libraryPath(installed) },
  }
}

/** Sends a line to it, and gives the beginning of what it answers. */
async function asked(port: number, line: string): Promise<string> {
  const socket = connect(port, host)
  try {
    await once(socket, 'connect')
    socket.write(`${line}\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    return answer.toString()
  } finally {
    socket.destroy()
  }
}

/** `url` is that of its database. */
export const redis: Server<'redis'> = {
  name: 'redis',
  source: aptWithLibraries('redis-server', 'redis-tools'),
  serving: {
    ports: ['redis'],
    launch: (place) => launch(place),
    isReady: async ({ ports }) => (await asked(ports.redis, 'PING')) === '+PONG\r\n',
    addresses: ({ ports }) => ({ url: `redis://${host}:${ports.redis}` }),
  },
}

/** The same as a cluster of one, which has all slots and is as strict about them as one of many: for `ownServer`. */
export const redisCluster: Server<'redis' | 'bus'> = {
  name: 'redis',
  source: redis.source,
  serving: {
    ports: ['redis', 'bus'],
    launch: (place) =>
      launch(
        place,
        ...['--cluster-enabled', 'yes', '--cluster-port', String(place.ports.bus), '--cluster-announce-ip', host],
      ),
    isReady: async ({ ports }) => {
      const state = await asked(ports.redis, 'CLUSTER INFO')
      if (state.includes('cluster_slots_assigned:0')) await asked(ports.redis, 'CLUSTER ADDSLOTSRANGE 0 16383')
      return state.includes('cluster_state:ok')
    },
    addresses: ({ ports }) => ({ url: `redis://${host}:${ports.redis}`, port: String(ports.redis) }),
  },
}
