// Servers that break off, go on without end, or say more than usual: what the client makes of it, and that it lets go of them.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { contract, type ServiceError, serverStream, unary } from 'servicekit'
import { httpClient } from 'servicekit/transport/http/client'
import { eventually } from '../../../src/testing/eventually.ts'

const svc = contract('svc', { call: unary.of<void, unknown>(), flow: serverStream.of<void, unknown>() })

/** A server that does to each connection what it is told to, and a client of it. */
async function against(answer: (socket: Socket) => void) {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => {}).on('close', () => open.delete(socket))
    socket.once('data', () => answer(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = httpClient(svc, { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  return {
    client,
    open,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      for (const socket of open) socket.destroy()
      server.close()
    },
  }
}

const untilClose = 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n'
const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
const mark = '\x1e{"code":"not_found","detail":"gone"}\n'
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

describe('a reply that lasts until its connection closes', () => {
  for (const body of ['', '12']) {
    it(`is not whole when the connection is reset: "${body}"`, async () => {
      await using setup = await against((socket) => socket.write(untilClose + body, () => socket.resetAndDestroy()))
      await assert.rejects(setup.client.call(), { code: 'unavailable', retry: 'if_idempotent' })
    })
  }

  it('is whole when it is closed in peace', async () => {
    await using setup = await against((socket) => socket.end(`${untilClose}12`))
    assert.equal(await setup.client.call(), 12)
  })
})

describe('a stream that says that it failed', () => {
  for (const [name, more] of [
    ['and does not end', ''],
    ['and goes on', chunk('1\n').repeat(1_000)],
  ] as const) {
    it(`${name} is let go of`, async () => {
      await using setup = await against((socket) => socket.write(chunked + chunk(mark) + more))
      const stream = await setup.client.flow()
      await assert.rejects(stream[Symbol.asyncIterator]().next(), { code: 'not_found', message: 'gone' })
      await eventually(() => setup.open.size === 0)
    })
  }
})

describe('an error document', () => {
  it('is read whole, however much is in it', async () => {
    const details = 'x'.repeat(300_000)
    const body = JSON.stringify({ code: 'unavailable', detail: 'no', retry: 'never', details })
    const head = `HTTP/1.1 503 No\r\ncontent-type: application/problem+json\r\ncontent-length: ${body.length}\r\n\r\n`
    await using setup = await against((socket) => socket.end(head + body))
    await assert.rejects(setup.client.call(), (error: ServiceError) => {
      assert.deepEqual([error.code, error.retry, error.details], ['unavailable', 'never', details])
      return true
    })
  })
})
