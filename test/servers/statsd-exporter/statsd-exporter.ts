// statsd_exporter, the strictest reader of the statsd protocol and its dialects, from its Go module.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { go } from '../go.ts'
import type { Server } from '../server.ts'

const host = '127.0.0.1'

/** At `/metrics` its own counters say what it could not read. */
export const statsdExporter: Server<'http' | 'line'> = {
  name: 'statsd-exporter',
  source: go({
    folder: import.meta.dirname,
    module: 'github.com/prometheus/statsd_exporter',
    programs: { statsd_exporter: 'github.com/prometheus/statsd_exporter' },
  }),
  serving: {
    ports: ['http', 'line'],
    launch: async ({ installed, folder, ports }) => {
      const socket = socketIn(folder)
      // A crash leaves it, and then it refuses to start.
      await rm(socket, { force: true })
      return {
        command: join(installed, 'bin/statsd_exporter'),
        args: [
          `--web.listen-address=${host}:${ports.http}`,
          `--statsd.listen-udp=${host}:${ports.line}`,
          `--statsd.listen-tcp=${host}:${ports.line}`,
          `--statsd.listen-unixgram=${socket}`,
        ],
      }
    },
    isReady: async ({ ports }) => (await fetch(`http://${host}:${ports.http}/metrics`)).ok,
    addresses: ({ folder, ports }) => ({
      url: `http://${host}:${ports.http}`,
      udp: `udp://${host}:${ports.line}`,
      tcp: `tcp://${host}:${ports.line}`,
      unix: socketIn(folder),
    }),
  },
}

const socketIn = (folder: string): string => join(folder, 'exporter.sock')
