// Go kit itself: a stringsvc on its HTTP transport, a client of its own that calls one, and its stringsvc3, of which tests make fleets.
import { join } from 'node:path'
import { go } from '../go.ts'
import type { Server } from '../server.ts'

/** `call` is the client: `call [-method GET] URL JSON` prints the reply as JSON, or exits with 1. `stringsvc3 [-listen host:port] [-proxy a,b,c]` serves. */
export const gokit: Server<'http'> = {
  name: 'gokit',
  source: go({
    folder: import.meta.dirname,
    module: 'github.com/go-kit/kit',
    programs: { stringsvc: './stringsvc', stringsvc3: './stringsvc3', call: './call' },
    sources: ['stringsvc/main.go', 'stringsvc3/main.go', 'call/main.go'],
  }),
  programs: { call: 'bin/call', stringsvc3: 'bin/stringsvc3' },
  serving: {
    ports: ['http'],
    launch: ({ installed, ports }) => ({
      command: join(installed, 'bin/stringsvc'),
      args: [`-listen=127.0.0.1:${ports.http}`],
    }),
    isReady: async ({ ports }) => {
      const reply = await fetch(`http://127.0.0.1:${ports.http}/count`, { method: 'POST', body: '{"s":"ready"}' })
      return (await reply.json()).v === 5
    },
    addresses: ({ ports }) => ({ url: `http://127.0.0.1:${ports.http}` }),
  },
}
