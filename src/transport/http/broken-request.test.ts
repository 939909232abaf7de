// Tests of broken-request.ts: bytes that are no request get one answer, and never one that could be taken for another's.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { manualClock } from '../../testing/manual-clock.ts'
import { answerBrokenRequest, type BrokenRequest } from './broken-request.ts'
import type { BodyFailure } from './exchange.ts'
import { NodeConnection, type OpenExchange } from './node-connection.ts'

const waiting: OpenExchange = {
  response: { writableFinished: true } as ServerResponse,
  complete: true,
  gone: () => {},
  fail: () => assert.fail('a good request'),
}

/** A server whose requests never get a reply, and which answers what is broken. */
async function serving(t: TestContext, change?: (error: BrokenRequest, connection: NodeConnection) => BrokenRequest) {
  const dispatcher = {
    clock: manualClock(),
    closes: false,
    sendTimeoutMs: 1_000,
    maxBodyBytes: 100,
    requestTimeoutMs: 1_000,
  }
  const connections = new Map<Socket, NodeConnection>()
  const server = createServer({ maxHeaderSize: 2_048 }, () => {})
  server.on('connection', (socket: Socket) => connections.set(socket, new NodeConnection(socket, dispatcher)))
  server.on('clientError', (error: BrokenRequest, stream) => {
    const socket = stream as Socket
    const connection = connections.get(socket)
    assert.ok(connection !== undefined)
    answerBrokenRequest(change?.(error, connection) ?? error, socket, connection, 1_000)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return { server, connections }
}

function dial(server: Server): Socket {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  // A reset is a way to be closed, too.
  socket.on('error', () => {})
  return socket
}

/** All that comes until the server closes the connection. */
async function readAll(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('utf8').on('data', (piece) => {
    text += piece
  })
  await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return text
}

/** Status line, headers and document of the only answer. */
async function answered(t: TestContext, sent: string, change?: Parameters<typeof serving>[1]) {
  const { server, connections } = await serving(t, change)
  const socket = dial(server)
  socket.write(sent)
  const reply = await readAll(socket)
  const [head = '', body = '', ...more] = reply.split('\r\n\r\n')
  const [statusLine = '', ...lines] = head.split('\r\n')
  const headers = new Map(lines.map((line) => line.split(': ') as [string, string]))
  assert.deepEqual(more, [])
  assert.equal(headers.get('content-type'), 'application/problem+json')
  assert.equal(headers.get('connection'), 'close')
  assert.equal(Number(headers.get('content-length')), Buffer.byteLength(body))
  assert.equal([...connections.values()][0]?.closing, true)
  return { statusLine, document: JSON.parse(body) }
}

describe('bytes that are no request', () => {
  it('are answered with 400', async (t) => {
    for (const sent of ['garbage\r\n\r\n', '\x16\x03\x01\x02\x00', 'GET / HTTP/1.1\r\nbad header\r\n\r\n']) {
      const { statusLine, document } = await answered(t, sent)
      assert.equal(statusLine, 'HTTP/1.1 400 Bad Request')
      assert.deepEqual([document.status, document.code], [400, 'invalid_argument'])
    }
  })

  it('are answered with 400 when they could be read in two ways', async (t) => {
    const head = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n'
    const both = await answered(t, `${head}transfer-encoding: chunked\r\n\r\nabc`)
    assert.equal(both.statusLine, 'HTTP/1.1 400 Bad Request')
    const twice = await answered(t, `${head}content-length: 4\r\n\r\nabcd`)
    assert.equal(twice.statusLine, 'HTTP/1.1 400 Bad Request')
  })

  it('are answered with 414 when all of them are a URL without an end', async (t) => {
    const { statusLine, document } = await answered(t, `GET /${'a'.repeat(5_000)}`)
    assert.equal(statusLine, 'HTTP/1.1 414 URI Too Long')
    assert.deepEqual([document.status, document.code], [414, 'invalid_argument'])
  })

  it('are answered with 414 when it is the URL that is too long', async (t) => {
    const { statusLine } = await answered(t, `GET /${'a'.repeat(5_000)} HTTP/1.1\r\nhost: a\r\n\r\n`)
    assert.equal(statusLine, 'HTTP/1.1 414 URI Too Long')
  })

  it('are answered with 400 when nobody knows what the line began with', async (t) => {
    const error = Object.assign(new Error('too much'), { code: 'HPE_HEADER_OVERFLOW', rawPacket: Buffer.from('aaaa') })
    const { statusLine } = await answered(t, '\0', () => error)
    assert.equal(statusLine, 'HTTP/1.1 400 Bad Request')
  })

  it('are answered with 431 when there are too many headers', async (t) => {
    const { statusLine, document } = await answered(t, `GET / HTTP/1.1\r\nhost: a\r\nx: ${'a'.repeat(5_000)}\r\n\r\n`)
    assert.equal(statusLine, 'HTTP/1.1 431 Request Header Fields Too Large')
    assert.deepEqual([document.status, document.code], [431, 'invalid_argument'])
  })

  it('are answered with 408 when the rest of them does not come', async (t) => {
    const late = Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
    const { statusLine, document } = await answered(t, '\0', () => late)
    assert.equal(statusLine, 'HTTP/1.1 408 Request Timeout')
    assert.deepEqual([document.status, document.code], [408, 'deadline_exceeded'])
  })

  it('are not shown to whoever sent them', async (t) => {
    const { document } = await answered(t, 'secret garbage\r\n\r\n')
    assert.doesNotMatch(JSON.stringify(document), /secret|HPE|Parse/)
  })
})

describe('a connection on which a reply is still to come', () => {
  it('is closed without a word', async (t) => {
    const { server } = await serving(t)
    const socket = dial(server)
    const reply = readAll(socket)
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await once(server, 'request')
    socket.write('garbage\r\n\r\n')
    assert.equal(await reply, '')
  })

  it('is closed without a word when the garbage comes together with the request', async (t) => {
    const { server } = await serving(t)
    const socket = dial(server)
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\ngarbage\r\n\r\n')
    assert.equal(await readAll(socket), '')
  })

  it('is left to the replies of the good requests before, of which the last one closes it', async (t) => {
    const told = Promise.withResolvers<NodeConnection>()
    const { server } = await serving(t, (error, connection) => {
      connection.take(waiting)
      told.resolve(connection)
      return error
    })
    const socket = dial(server)
    socket.write('garbage\r\n\r\n')
    const connection = await told.promise
    assert.deepEqual([connection.closing, connection.isNewest(waiting), socket.destroyed], [true, true, false])
    socket.destroy()
  })

  it('has the request refused whose body it is', async (t) => {
    const failed = Promise.withResolvers<BodyFailure>()
    const { server } = await serving(t, (error, connection) => {
      connection.take(waiting)
      connection.take({ ...waiting, complete: false, fail: failed.resolve })
      return error
    })
    const socket = dial(server)
    socket.write('garbage\r\n\r\n')
    const { status, error } = await failed.promise
    assert.deepEqual([status, error.code], [400, 'invalid_argument'])
    socket.destroy()
  })
})
