// InfluxDB 1.6, as Debian packages it: the write API of version 1, which says what it refuses and why.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { apt } from '../apt.ts'
import type { Server } from '../server.ts'

const host = '127.0.0.1'

/** What larger bodies are refused with: 413, however small they were compressed. */
export const maxBodyBytes = 100_000

const configuration = (folder: string, ports: Readonly<Record<'http' | 'rpc', number>>) => `reporting-enabled = false
bind-address = "${host}:${ports.rpc}"
[meta]
  dir = ${JSON.stringify(join(folder, 'meta'))}
[data]
  dir = ${JSON.stringify(join(folder, 'data'))}
  wal-dir = ${JSON.stringify(join(folder, 'wal'))}
  max-values-per-tag = 1000
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "${host}:${ports.http}"
  max-body-size = ${maxBodyBytes}
  log-enabled = false
[logging]
  level = "warn"
`

/** It has no database until one is made; a tag has at most 1,000 values. */
export const influxdb: Server<'http' | 'rpc'> = {
  name: 'influxdb',
  source: apt('influxdb'),
  serving: {
    ports: ['http', 'rpc'],
    launch: async ({ installed, folder, ports }) => {
      const file = join(folder, 'influxdb.conf')
      await writeFile(file, configuration(folder, ports))
      return { command: join(installed, 'usr/bin/influxd'), args: ['-config', file] }
    },
    isReady: async ({ ports }) => (await fetch(`http://${host}:${ports.http}/ping`)).status === 204,
    addresses: ({ ports }) => ({ url: `http://${host}:${ports.http}` }),
  },
}
