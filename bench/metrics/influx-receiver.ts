// A receiver of InfluxDB's line protocol that reads all and throws it away, but for how many lines there were and what they came to.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { answer } from '../harness/worker.ts'

let isReading = false
let lines = 0
let sum = 0

const server = createServer(async (request, response) => {
  if (isReading) {
    for (const [, value] of (await text(request)).matchAll(/^rpc\.calls,\S+ value=(\S+) \d{19}$/gm)) {
      lines++
      sum += Number(value)
    }
  } else {
    request.resume()
    await once(request, 'end')
  }
  response.writeHead(204).end()
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')

answer(
  { port: (server.address() as AddressInfo).port },
  {
    read: () => {
      isReading = true
      lines = 0
      sum = 0
      return {}
    },
    read_back: () => {
      isReading = false
      return { lines, sum }
    },
  },
)
