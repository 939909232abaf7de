// moto, which stands in for AWS, as PyPI has it: it speaks CloudWatch's protocol to the official client, and keeps all in memory.
import { join } from 'node:path'
import { pypi } from '../pypi.ts'
import type { Server } from '../server.ts'

const host = '127.0.0.1'

/** A restart forgets all that it was told. It enforces no limits of batches. */
export const moto: Server<'http'> = {
  name: 'moto',
  source: pypi(import.meta.dirname, 'moto'),
  serving: {
    ports: ['http'],
    launch: ({ installed, ports }) => ({
      // An environment has its path in the first line of its programs, and this one was moved.
      command: join(installed, 'venv/bin/python'),
      args: ['-m', 'moto.server', '-H', host, '-p', String(ports.http)],
      env: { PYTHONDONTWRITEBYTECODE: '1' },
    }),
    isReady: async ({ ports }) => (await fetch(`http://${host}:${ports.http}/moto-api/`)).ok,
    addresses: ({ ports }) => ({ url: `http://${host}:${ports.http}` }),
  },
}
