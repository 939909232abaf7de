// Fastify with a JSON schema for the request and one for the reply.
import fastify from 'fastify'
import { answer } from '../harness/worker.ts'

const app = fastify()
const number = { type: 'number' }

app.post<{ Body: { a: number; b: number } }>(
  '/sum',
  {
    schema: {
      body: { type: 'object', required: ['a', 'b'], properties: { a: number, b: number } },
      response: { 200: { type: 'object', required: ['total'], properties: { total: number } } },
    },
  },
  async ({ body }) => ({ total: body.a + body.b }),
)

answer({ url: await app.listen({ port: 0, host: '127.0.0.1' }) })
