// A server for the tests of the machinery: no network, no package client, and it misbehaves on demand.
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Server, Source } from './server.ts'

const program = `require('node:http').createServer((_, response) => response.end('here')).listen(process.argv[2], '127.0.0.1')
console.log('listens')`

export interface FakeOptions {
  readonly source?: Partial<Source> | undefined
  /** What runs instead of a small HTTP server. */
  readonly program?: string | undefined
  readonly readyWithinMs?: number | undefined
}

export function fakeServer(options: FakeOptions = {}): Server<'http'> {
  return {
    name: 'fake',
    source: {
      client: 'fake',
      label: 'a fake',
      pins: [],
      missing: async () => undefined,
      install: async ({ folder }) => {
        await writeFile(join(folder, 'main.cjs'), options.program ?? program)
        return '1.2.3'
      },
      ...options.source,
    },
    programs: { main: 'main.cjs' },
    serving: {
      ports: ['http'],
      launch: ({ installed, ports }) => ({
        command: process.execPath,
        args: [join(installed, 'main.cjs'), String(ports.http)],
      }),
      isReady: async ({ ports }) => (await fetch(`http://127.0.0.1:${ports.http}`)).ok,
      addresses: ({ ports }) => ({ url: `http://127.0.0.1:${ports.http}` }),
      readyWithinMs: options.readyWithinMs,
    },
  }
}

/** A folder that goes away with its block. */
export function scratchFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'servicekit-servers-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) }
}
