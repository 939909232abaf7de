// `node:http` alone, with a hand-written NDJSON loop: back-pressure is minded, and nothing else.
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { readBody } from './body.ts'
import { counting } from './counting.ts'
import { listening } from './listening.ts'

async function count(response: ServerResponse, body: string): Promise<void> {
  const { count }: { count: number } = JSON.parse(body)
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  for await (const message of counting(count)) {
    if (!response.write(`${JSON.stringify(message)}\n`)) await once(response, 'drain')
  }
  response.end()
}

await listening(
  createServer((request, response) => {
    if (request.method === 'POST' && request.url === '/count') readBody(request, (body) => void count(response, body))
    else response.writeHead(404).end()
  }),
)
