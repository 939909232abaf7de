// Tests of sinkable-message.ts, with the parser of node:http.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, it } from 'node:test'
import { SinkableMessage } from './sinkable-message.ts'

/** What reaches the sink, and what the stream, of a request that is sent. */
async function pieces(sunk: boolean, body: string): Promise<{ sink: (string | null)[]; stream: string[] }> {
  const got: { sink: (string | null)[]; stream: string[] } = { sink: [], stream: [] }
  const server = createServer({ IncomingMessage: SinkableMessage }, (request, response) => {
    request.on('data', (piece) => got.stream.push(String(piece)))
    if (!sunk) request.on('end', () => response.end())
    else {
      request.sink = {
        push: (piece) => {
          got.sink.push(piece === null ? null : String(piece))
          if (piece === null) response.end()
        },
      }
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write(`POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  socket.resume()
  await once(socket, 'close')
  server.close()
  return got
}

describe('SinkableMessage', () => {
  it('hands its body to the sink, and its end', async () => {
    assert.deepEqual(await pieces(true, 'hello'), { sink: ['hello', null], stream: [] })
  })

  it('is a stream as any other without one', async () => {
    assert.deepEqual(await pieces(false, 'hello'), { sink: [], stream: ['hello'] })
  })
})
