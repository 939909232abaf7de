// statsd, the original of the protocol, from npm.
import { rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { npm } from '../npm.ts'
import type { Server } from '../server.ts'

const host = '127.0.0.1'
// It was written for a Node that had this.
const utilLog = "data:text/javascript,import util from 'node:util'; util.log ??= console.log"

/** `management` answers `stats`, `counters`, `gauges`, `timers` and `health` with a text that ends in `END`. */
export const statsd: Server<'line' | 'management'> = {
  name: 'statsd',
  source: npm(import.meta.dirname, 'statsd'),
  serving: {
    ports: ['line', 'management'],
    launch: async ({ installed, folder, ports }) => {
      const file = join(folder, 'config.js')
      const socket = socketIn(folder)
      // A crash leaves it, and then nobody can listen on it again.
      await rm(socket, { force: true })
      const configuration = {
        servers: [
          { server: './servers/udp', address: host, port: ports.line },
          { server: './servers/tcp', address: host, port: ports.line },
          { server: './servers/tcp', socket },
        ],
        mgmt_address: host,
        mgmt_port: ports.management,
        // Nothing is passed on, and nothing is reset: tests read sums on the management port.
        backends: [],
        flushInterval: 24 * 3_600_000,
      }
      await writeFile(file, JSON.stringify(configuration))
      return {
        command: process.execPath,
        args: ['--import', utilLog, join(installed, 'node_modules/statsd/stats.js'), file],
      }
    },
    isReady: async ({ ports }) => {
      const socket = connect(ports.management, host)
      socket.end('health\n')
      return (await text(socket)).includes('up')
    },
    addresses: ({ folder, ports }) => ({
      url: `udp://${host}:${ports.line}`,
      tcp: `tcp://${host}:${ports.line}`,
      unix: socketIn(folder),
      management: `tcp://${host}:${ports.management}`,
    }),
  },
}

const socketIn = (folder: string): string => join(folder, 'statsd.sock')
