// stringsvc1, the smallest service of the walk-through: two plain functions behind HTTP, on :8080.
import { parseArgs } from 'node:util'
import { endpoints, type Handlers } from 'servicekit'
import { httpServer } from 'servicekit/transport/http/server'
import { stringsvc } from './stringsvc.ts'

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: process.env['HOST'] },
    port: { type: 'string', default: process.env['PORT'] ?? '8080' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help) {
  console.log('main.ts [--port 8080] [--host 127.0.0.1]     the environment has PORT and HOST')
  process.exit()
}

const handlers: Handlers<typeof stringsvc> = {
  uppercase: ({ s }) => (s === '' ? { v: '', err: 'empty string' } : { v: s.toUpperCase(), err: null }),
  count: ({ s }) => ({ v: Buffer.byteLength(s) }),
}

await using server = await httpServer(stringsvc, endpoints(stringsvc, handlers)).listen({
  port: Number(values.port),
  host: values.host,
})
console.log(`stringsvc listens on ${server.url}`)
console.log(`  curl -XPOST -d'{"s":"hello, world"}' ${server.url}/uppercase`)
await server.closed
