// Pushgateway, as Debian packages it: it refuses a page that Prometheus could not read, and says why.
import { join } from 'node:path'
import { apt } from '../apt.ts'
import type { Server } from '../server.ts'

const host = '127.0.0.1'

/** It keeps groups until they are deleted, in a file too: a restart has what it had a second before. */
export const pushgateway: Server<'http'> = {
  name: 'pushgateway',
  source: apt('prometheus-pushgateway'),
  serving: {
    ports: ['http'],
    launch: ({ installed, folder, ports }) => ({
      command: join(installed, 'usr/bin/prometheus-pushgateway'),
      args: [
        `--web.listen-address=${host}:${ports.http}`,
        `--persistence.file=${join(folder, 'groups')}`,
        '--persistence.interval=1s',
        '--log.level=warn',
      ],
    }),
    isReady: async ({ ports }) => (await fetch(`http://${host}:${ports.http}/-/ready`)).ok,
    addresses: ({ ports }) => ({ url: `http://${host}:${ports.http}` }),
  },
}
