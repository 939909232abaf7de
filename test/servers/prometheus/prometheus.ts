// Prometheus and promtool, as Debian packages them.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { apt } from '../apt.ts'
import type { Server } from '../server.ts'

const targets = 'targets'

// The interval is what a test waits for a sample.
const configuration = (folder: string) => `global:
  scrape_interval: 200ms
  scrape_timeout: 200ms
scrape_configs:
  - job_name: tests
    file_sd_configs:
      - files: [${JSON.stringify(join(folder, targets, '*.json'))}]
        refresh_interval: 1s
`

/** `targets` is a folder: what the tests' own JSON files in it name is scraped (`[{ "targets": ["host:port"] }]`). */
export const prometheus: Server<'http'> = {
  name: 'prometheus',
  source: apt('prometheus'),
  programs: { promtool: 'usr/bin/promtool' },
  serving: {
    ports: ['http'],
    launch: async ({ installed, folder, ports }) => {
      const file = join(folder, 'prometheus.yml')
      await mkdir(join(folder, targets), { recursive: true })
      await writeFile(file, configuration(folder))
      return {
        command: join(installed, 'usr/bin/prometheus'),
        args: [
          `--config.file=${file}`,
          `--storage.tsdb.path=${join(folder, 'tsdb')}`,
          `--web.listen-address=127.0.0.1:${ports.http}`,
          '--web.enable-remote-write-receiver',
          '--web.enable-lifecycle',
          '--enable-feature=exemplar-storage',
          '--log.level=warn',
        ],
      }
    },
    isReady: async ({ ports }) => (await fetch(`http://127.0.0.1:${ports.http}/-/ready`)).ok,
    addresses: ({ folder, ports }) => ({ url: `http://127.0.0.1:${ports.http}`, targets: join(folder, targets) }),
  },
}
