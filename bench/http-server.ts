// The claim about serving HTTP: the contract, with its schema on, costs no more than what people write without one.
import { claim } from './harness/claim.ts'
import { goProgram, nodeProgram } from './harness/program.ts'
import { served } from './harness/served.ts'

const sumRow = served('server', {
  job: { path: '/sum', body: '{"a":1,"b":2}', connections: 32 },
  correct: (reply) => JSON.parse(reply).total === 3,
  ours: { program: () => nodeProgram('servers/ours.ts') },
  peers: [
    { name: 'bare', bar: 0.9, program: () => nodeProgram('servers/bare.ts') },
    { name: 'fastify', bar: 1.05, program: () => nodeProgram('servers/fastify.ts') },
    { name: 'hono', bar: 1.1, program: () => nodeProgram('servers/hono.ts') },
    { name: 'nestjs', bar: 1.35, program: () => nodeProgram('servers/nestjs.ts') },
    { name: 'express', bar: 2.2, program: () => nodeProgram('servers/express.ts') },
    { name: 'go kit', bar: 0.8, program: () => goProgram('servers/gokit') },
  ],
})

await claim({
  name: 'http-server',
  says: 'Serving a contract over HTTP, with its schema on, costs about what node:http costs without one.',
  packages: ['zod', 'fastify', 'hono', '@hono/node-server', '@nestjs/core', '@nestjs/platform-fastify', 'express'],
  rows: [sumRow],
})
