// Tests of node-connection.ts: who is at the other end, and what becomes of the exchanges when a connection closes.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { ServiceError } from '../../core/errors.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { NodeConnection, type OpenExchange } from './node-connection.ts'
import type { BodySink, SinkableMessage } from './sinkable-message.ts'

/** The server's end of a connection, which notes what is done to it. */
class FakeSocket extends EventEmitter {
  readonly steps: string[] = []
  remoteAddress: string | undefined = '10.0.0.1'
  remotePort: number | undefined = 4711
  remoteFamily: string | undefined = 'IPv4'
  destroySoon = () => void this.steps.push('destroySoon')
  end = () => void this.steps.push('end')
  destroy = () => void this.steps.push('destroy')
}

const waiting: OpenExchange = {
  response: { writableFinished: true } as ServerResponse,
  complete: true,
  gone: () => {},
  fail: () => assert.fail('a good request'),
}

function connected(more: object = {}) {
  const socket = Object.assign(new FakeSocket(), more)
  const clock = manualClock()
  const server = { clock, closes: false, sendTimeoutMs: 1_000, maxBodyBytes: 100, requestTimeoutMs: 1_000 }
  return { socket, clock, server, connection: new NodeConnection(socket as unknown as Socket, server) }
}

describe('NodeConnection.watchRest', () => {
  it('limits how long a caller may take nothing, until all of it was taken', () => {
    const timeouts: number[] = []
    const { connection, socket } = connected({ writableLength: 5, setTimeout: (ms: number) => timeouts.push(ms) })
    const response = new EventEmitter()
    connection.watchRest(response as unknown as ServerResponse)
    response.emit('finish')
    Object.assign(socket, { writableLength: 0 })
    connection.watchRest(response as unknown as ServerResponse)
    assert.deepEqual(timeouts, [1_000, 0])
  })
})

describe('NodeConnection.finish', () => {
  it('closes behind what was handed over, but not while a reply is to come', () => {
    const { connection, socket } = connected({ writableLength: 5 })
    assert.equal(connection.isIdle, false)
    connection.take(waiting)
    connection.finish()
    assert.deepEqual(socket.steps, [])
    connection.release(waiting)
    connection.finish()
    assert.deepEqual(socket.steps, ['destroySoon'])
  })
})

describe('NodeConnection.finishSoon', () => {
  it('gives whoever has just connected a moment', async () => {
    const { connection, socket, clock } = connected()
    connection.finishSoon()
    await clock.advance(199)
    assert.deepEqual(socket.steps, [])
    await clock.advance(1)
    assert.deepEqual(socket.steps, ['destroySoon'])
    socket.emit('close')
    assert.equal(clock.pending, 0)
  })

  it('leaves one to its reply on which something came in that moment, and closes one at once that was used before', async () => {
    const { connection, socket, clock } = connected()
    connection.finishSoon()
    connection.take(waiting)
    await clock.advance(200)
    assert.deepEqual(socket.steps, [])
    connection.release(waiting)
    connection.finishSoon()
    assert.deepEqual(socket.steps, ['destroySoon'])
  })
})

const requestOf = (socket: FakeSocket, complete: boolean) =>
  ({ complete, resume: () => socket.steps.push('resume') }) as unknown as SinkableMessage

describe('NodeConnection', () => {
  it('names address and port of the caller', () => {
    assert.equal(connected().connection.address, '10.0.0.1:4711')
    const six = connected({ remoteAddress: 'fe80::1', remoteFamily: 'IPv6' })
    assert.equal(six.connection.address, '[fe80::1]:4711')
  })

  it('names no address on a Unix socket', () => {
    const unnamed = { remoteAddress: undefined, remotePort: undefined, remoteFamily: undefined }
    assert.equal(connected(unnamed).connection.address, '')
  })

  it('still knows the address when the connection has closed', () => {
    const { socket, connection } = connected()
    assert.equal(connection.address, '10.0.0.1:4711')
    socket.remoteAddress = undefined
    socket.emit('close')
    assert.equal(connection.address, '10.0.0.1:4711')
  })

  it('knows whether it is encrypted', () => {
    assert.equal(connected().connection.secure, false)
    assert.equal(connected({ encrypted: true }).connection.secure, true)
  })

  it('shows a certificate only when it is trusted', () => {
    const raw = new Uint8Array([1, 2])
    const getPeerCertificate = () => ({ raw })
    assert.equal(connected().connection.certificate, undefined)
    assert.equal(connected({ authorized: false, getPeerCertificate }).connection.certificate, undefined)
    assert.equal(connected({ authorized: true, getPeerCertificate }).connection.certificate, raw)
  })

  it('tells all that wait for a reply when it closes', () => {
    const { socket, connection } = connected()
    const gone: number[] = []
    for (const i of [1, 2, 3]) {
      const exchange = {
        ...waiting,
        gone: () => {
          gone.push(i)
          connection.release(exchange)
        },
      }
      connection.take(exchange)
    }
    socket.emit('close')
    assert.deepEqual([gone, connection.waiting], [[1, 2, 3], 0])
  })
})

describe('NodeConnection.release', () => {
  const [one, other] = [{ ...waiting }, { ...waiting }]

  it('leaves the connection open for the next request', () => {
    const { socket, connection } = connected()
    connection.take(one)
    assert.equal(connection.waiting, 1)
    connection.release(one)
    assert.deepEqual([connection.waiting, socket.steps], [0, []])
  })

  it('closes it behind the last stream when the server drains, or when it is the last one', () => {
    for (const isBroken of [false, true]) {
      const { socket, server, connection } = connected()
      connection.take(one)
      connection.take(other)
      if (isBroken) connection.breakOff({ status: 400, error: new ServiceError('invalid_argument') })
      else server.closes = true
      connection.releaseSilently(one)
      assert.deepEqual(socket.steps, [])
      connection.releaseSilently(other)
      assert.deepEqual(socket.steps, ['destroySoon'])
    }
  })
})

describe('NodeConnection.discardRest', () => {
  const discarding = () => {
    const { socket, clock, connection } = connected()
    const request = requestOf(socket, false)
    connection.discardRest(request)
    return { socket, clock, sink: request.sink as BodySink }
  }

  it('throws away what comes, and ends with it', () => {
    const { socket, clock, sink } = discarding()
    sink.push(Buffer.alloc(100))
    sink.push(null)
    assert.deepEqual([socket.steps, clock.pending, socket.listenerCount('close')], [['resume'], 0, 1])
  })

  it('closes the connection when it is too much, or takes too long', async () => {
    const large = discarding()
    large.sink.push(Buffer.alloc(65_537))
    assert.deepEqual(large.socket.steps, ['resume', 'end'])
    await large.clock.advance(1_000)
    assert.ok(large.socket.steps.includes('destroy'))
    const slow = discarding()
    await slow.clock.advance(1_000)
    assert.deepEqual(slow.socket.steps, ['resume', 'destroy'])
    const left = discarding()
    left.socket.emit('close')
    assert.equal(left.clock.pending, 0)
  })
})

describe('NodeConnection.close', () => {
  it('closes at once behind a request that was read to its end', () => {
    const { socket, clock, connection } = connected()
    connection.close(requestOf(socket, true))
    socket.destroySoon()
    assert.deepEqual([connection.closing, socket.steps, clock.pending], [true, ['destroySoon'], 0])
  })

  it('closes its own half behind one that was not, and throws away what comes until the caller has gone', () => {
    const { socket, clock, connection } = connected()
    connection.close(requestOf(socket, false))
    assert.deepEqual(socket.steps, [])
    socket.destroySoon()
    assert.deepEqual([connection.closing, socket.steps], [true, ['end', 'resume']])
    socket.emit('close')
    assert.deepEqual([socket.steps, clock.pending], [['end', 'resume'], 0])
  })

  it('waits for no caller for ever', async () => {
    const { socket, clock, connection } = connected()
    connection.close(requestOf(socket, false))
    socket.destroySoon()
    await clock.runAll()
    assert.deepEqual(socket.steps, ['end', 'resume', 'destroy'])
    assert.ok(clock.now() > 0 && clock.now() <= 5_000)
  })
})
