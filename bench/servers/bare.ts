// `node:http` alone: it reads and parses the same JSON, and checks nothing.
import { createServer, type ServerResponse } from 'node:http'
import { readBody } from './body.ts'
import { listening } from './listening.ts'

function sum(response: ServerResponse, body: string): void {
  const { a, b }: { a: number; b: number } = JSON.parse(body)
  const reply = JSON.stringify({ total: a + b })
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(reply) })
  response.end(reply)
}

await listening(
  createServer((request, response) => {
    if (request.method === 'POST' && request.url === '/sum') readBody(request, (body) => sum(response, body))
    else response.writeHead(404).end()
  }),
)
