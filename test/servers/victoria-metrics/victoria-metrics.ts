// VictoriaMetrics, from its Go module: reads lines of Graphite and of InfluxDB, over both of its write APIs.
import { join } from 'node:path'
import { go } from '../go.ts'
import type { Server } from '../server.ts'

const host = '127.0.0.1'

/** A field `value` of a point `calls` is the metric `calls_value`. What it cannot read it skips, and says so in its log. */
export const victoriaMetrics: Server<'http' | 'graphite'> = {
  name: 'victoria-metrics',
  source: go({
    folder: import.meta.dirname,
    module: 'github.com/VictoriaMetrics/VictoriaMetrics',
    programs: { 'victoria-metrics': 'github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics' },
  }),
  serving: {
    ports: ['http', 'graphite'],
    launch: ({ installed, folder, ports }) => ({
      command: join(installed, 'bin/victoria-metrics'),
      args: [
        `-httpListenAddr=${host}:${ports.http}`,
        `-graphiteListenAddr=${host}:${ports.graphite}`,
        `-storageDataPath=${join(folder, 'data')}`,
        // What was written is on the disk at once: a crash loses nothing that it has taken.
        '-inmemoryDataFlushInterval=1s',
        '-search.latencyOffset=0s',
        '-loggerLevel=ERROR',
      ],
    }),
    isReady: async ({ ports }) => (await fetch(`http://${host}:${ports.http}/health`)).ok,
    addresses: ({ ports }) => ({
      url: `http://${host}:${ports.http}`,
      graphite: `tcp://${host}:${ports.graphite}`,
      udp: `udp://${host}:${ports.graphite}`,
    }),
  },
}
