// Replies on one connection come in the order of their requests, and none is lost to what follows it, or to a drain.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { contract, endpoints, serverStream, unary } from 'servicekit'
import { httpServer } from 'servicekit/transport/http/server'
import { eventually } from '../../../src/testing/eventually.ts'

const svc = contract('svc', {
  slow: unary.of<void, string>(),
  fast: unary.of<void, string>(),
  large: unary.of<void, string>(),
  flow: serverStream.of<void, string>(),
})
const post = (path: string) => `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n`

/** A server whose slow calls wait for the gate, and a connection to it. */
async function setUp() {
  const gate = Promise.withResolvers<void>()
  const server = await httpServer(
    svc,
    endpoints(svc, {
      slow: () => gate.promise.then(() => 'slow'),
      fast: () => 'fast',
      large: () => 'x'.repeat(10_000_000),
      async *flow() {
        yield 'first'
        await gate.promise
        yield 'last'
      },
    }),
    { drainMs: 5_000 },
  ).listen({ host: '127.0.0.1' })
  const socket = connect(server.port, '127.0.0.1')
  await once(socket, 'connect')
  let text = ''
  socket.setEncoding('latin1').on('data', (piece) => {
    text += piece
  })
  socket.on('error', () => {})
  const statuses = () => Array.from(text.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => status)
  return { server, socket, gate, statuses, text: () => text }
}

describe('behind good requests', () => {
  for (const [name, behind, statuses] of [
    ['a URL that is too long', `GET /${'a'.repeat(10_000)} HTTP/1.1\r\nhost: a\r\n\r\n`, ['200', '200', '414']],
    ['a request without a host', 'GET / HTTP/1.1\r\n\r\n', ['200', '200', '400']],
    ['garbage', 'garbage\r\n\r\n', ['200', '200']],
  ] as const) {
    it(`${name} costs none of their replies`, async () => {
      const { server, socket, gate, statuses: got } = await setUp()
      socket.write(post('/slow') + post('/fast') + behind)
      await eventually(() => server.stats.served === 2)
      gate.resolve()
      await once(socket, 'close')
      assert.deepEqual(got(), statuses)
      await server.close()
    })

    it(`${name} costs nothing of a large reply that is on its way`, async () => {
      const { server, socket, text } = await setUp()
      socket.pause()
      socket.write(post('/large'))
      await eventually(() => server.stats.served === 1 && server.stats.inFlight === 0)
      socket.write(behind)
      socket.resume()
      await once(socket, 'close')
      assert.ok(text().length > 10_000_000)
      await server.close()
    })
  }
})

describe('a drain', () => {
  it('costs no reply of calls that wait for each other on one connection', async () => {
    for (const first of ['/slow', '/flow']) {
      const { server, socket, gate, statuses, text } = await setUp()
      socket.write(post(first) + post('/fast') + post('/slow'))
      await eventually(() => server.stats.served === 3)
      const closed = server.close()
      gate.resolve()
      await once(socket, 'close')
      await closed
      assert.deepEqual(statuses(), ['200', '200', '200'])
      assert.match(text(), /"slow"\n$/)
    }
  })
})
