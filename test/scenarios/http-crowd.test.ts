// An HTTP server among two thousand callers, and among those who mean harm: slow ones, ones that never read, ones that never stop.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { eventually } from 'servicekit/testing/eventually'
import { type HttpClientOptions, httpClient } from 'servicekit/transport/http/client'
import { type CrowdServer, crowd, crowdServer } from './http-crowd-server.ts'

const limitMs = 1_000
/** What a limit may take beyond itself: the server looks once a second, lingers for one, and the machine may be busy. */
const graceMs = 8_000
const megabyte = 1_000_000

const clientOf = ({ url }: CrowdServer, options?: Partial<HttpClientOptions>) =>
  httpClient(crowd, { baseUrl: url, connectTimeoutMs: 20_000, ...options })

/** A connection without manners: it goes on when the other side has ended. It reads nothing until somebody listens. */
function stranger({ port }: CrowdServer, request: string): Socket {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  socket.pause()
  socket.on('error', () => {})
  socket.write(request)
  return socket
}

function head(method: string, ...headers: readonly string[]): string {
  return [`POST /${method} HTTP/1.1`, 'host: crowd', 'content-type: application/json', ...headers, '', ''].join('\r\n')
}

function post(method: string, message: unknown, ...headers: readonly string[]): string {
  const body = JSON.stringify(message)
  return head(method, `content-length: ${body.length}`, ...headers) + body
}

async function becomes(server: CrowdServer, what: 'inFlight' | 'sockets' | 'served', count: number): Promise<void> {
  let last = -1
  const reached = eventually(async () => {
    last = (await server.held())[what]
    return last === count
  }, limitMs + graceMs)
  await reached.catch((cause) => assert.fail(`${what} is ${last} and not ${count}: ${cause.message}`))
}

/** Proves that others are served, meanwhile. */
async function goodTraffic(server: CrowdServer): Promise<void> {
  await using client = clientOf(server)
  for (let round = 0; round < 20; round++) {
    const texts = Array.from({ length: 10 }, (_, n) => `good ${round} ${n}`)
    assert.deepEqual(await Promise.all(texts.map((text) => client.echo(text))), texts)
  }
}

describe('two thousand connections at once', () => {
  it('are all answered, and leave nothing', async () => {
    const many = 2_000
    await using server = await crowdServer({})
    {
      await using client = clientOf(server, { maxConnections: many })
      // Nobody is answered before all are there: each call has a connection of its own.
      const calls = Array.from({ length: many }, () => client.meet({ many }, { timeoutMs: 30_000 }))
      const places = await Promise.all(calls)
      assert.equal(new Set(places).size, many)
      assert.equal((await server.held()).sockets, many)
    }
    await becomes(server, 'sockets', 0)
    assert.equal((await server.held()).inFlight, 0)
  })
})

describe('five hundred connections that send a byte now and then', () => {
  it('are answered 408 and closed within the limits, while all good calls are served', async () => {
    await using server = await crowdServer({ headersTimeoutMs: limitMs, requestTimeoutMs: limitMs })
    await using client = clientOf(server)
    const unended = `${head('echo').trimEnd()}\r\nx-slow: `
    const unfilled = `${head('echo', 'content-length: 100000')}"`
    const slow = Array.from({ length: 500 }, (_, n) => slowOne(server, n % 2 === 0 ? unended : unfilled))

    let served = 0
    const giveUpAt = performance.now() + limitMs + graceMs
    while (slow.some(({ socket }) => !socket.closed) && performance.now() < giveUpAt) {
      const texts = Array.from({ length: 10 }, (_, n) => `good ${n}`)
      assert.deepEqual(await Promise.all(texts.map((text) => client.echo(text))), texts)
      served += texts.length
      for (const { socket } of slow) if (socket.writable) socket.write('a')
    }
    for (const one of slow) {
      assert.ok(one.socket.closed, 'a slow connection is still open')
      assert.match(one.reply, /^HTTP\/1\.1 408 .*\r\nconnection: close\r\n/is)
      assert.ok(one.tookMs >= limitMs, `closed after ${one.tookMs} ms already`)
    }
    assert.ok(served >= 100, `only ${served} good calls were served`)
  })
})

interface SlowOne {
  readonly socket: Socket
  readonly reply: string
  readonly tookMs: number
}

function slowOne(server: CrowdServer, request: string): SlowOne {
  const startedAt = performance.now()
  const one = { socket: stranger(server, request), reply: '', tookMs: 0 }
  one.socket.on('data', (piece) => {
    one.reply += piece
    one.tookMs ||= performance.now() - startedAt
  })
  one.socket.resume()
  return one
}

describe('a stream of responses that nobody reads', () => {
  it('holds little memory, and call and connection are cut by the limits', async () => {
    await using server = await crowdServer({ streamLimits: { betweenMs: limitMs }, sendTimeoutMs: limitMs })
    const before = await server.held()
    const sockets = Array.from({ length: 20 }, () => stranger(server, post('flow', { from: 0 })))
    await using _ = closing(sockets)
    await becomes(server, 'served', sockets.length)
    const during = await server.held()
    assert.ok(during.memoryBytes - before.memoryBytes < 10 * megabyte, `${before.memoryBytes}, ${during.memoryBytes}`)
    await goodTraffic(server)
    await becomes(server, 'inFlight', 0)
    await becomes(server, 'sockets', 0)
  })
})

describe('a large reply that nobody reads', () => {
  it('is let go of, with its connection', async () => {
    await using server = await crowdServer({ sendTimeoutMs: limitMs })
    const sockets = Array.from({ length: 5 }, () => stranger(server, post('fill', { chars: 10 * megabyte })))
    await using _ = closing(sockets)
    await becomes(server, 'served', sockets.length)
    await becomes(server, 'inFlight', 0)
    await becomes(server, 'sockets', 0)
    await goodTraffic(server)
  })
})

describe('a stream of requests that never ends, to a handler that has returned', () => {
  it('is let go of by the client, which has its reply', async () => {
    await using server = await crowdServer({})
    await using client = clientOf(server)
    let sent = 0
    const left = Promise.withResolvers<void>()
    async function* endless(): AsyncGenerator<string, void, undefined> {
      try {
        for (;;) yield `${sent++}${'x'.repeat(1_000)}`
      } finally {
        left.resolve()
      }
    }
    assert.match(await client.first(endless(), { timeoutMs: 10_000 }), /^0x/)
    await left.promise
    assert.equal((await server.held()).inFlight, 0)
    await goodTraffic(server)
  })

  it('holds no memory on the server, and does not keep its connection', async () => {
    await using server = await crowdServer({ keepAliveMs: limitMs })
    const before = await server.held()
    const sockets = Array.from({ length: 4 }, () => stranger(server, head('first', 'transfer-encoding: chunked')))
    await using _ = closing(sockets)
    const replies = await Promise.all(sockets.map(endless))
    for (const reply of replies) assert.match(reply, /^HTTP\/1\.1 200 /)
    await goodTraffic(server)
    const during = await server.held()
    assert.equal(during.inFlight, 0)
    assert.ok(during.memoryBytes - before.memoryBytes < 10 * megabyte, `${before.memoryBytes}, ${during.memoryBytes}`)
    await eventually(() => sockets.every(({ closed }) => closed), limitMs + graceMs)
  })
})

/** Sends messages for as long as the socket takes them; gives the reply as far as it came at once. */
async function endless(socket: Socket): Promise<string> {
  const message = `"${'x'.repeat(30_000)}"\n`
  const chunk = `${message.length.toString(16)}\r\n${message}\r\n`
  const more = () => {
    if (socket.writable) socket.write(chunk, more)
  }
  more()
  const [piece] = await once(socket.resume(), 'data')
  return String(piece)
}

describe('ten thousand requests on one connection that reads no reply', () => {
  it('hold little memory and keep nobody else from being served, and are all answered when it reads', async () => {
    const many = 10_000
    await using server = await crowdServer({})
    const before = await server.held()
    const request = post('fill', { chars: 10_000 })
    const last = post('fill', { chars: 10_000 }, 'connection: close')
    const socket = stranger(server, request.repeat(many - 1) + last)
    await using _ = closing([socket])
    await eventually(async () => assert.ok((await server.held()).served > 0))
    await goodTraffic(server)
    const during = await server.held()
    assert.ok(during.memoryBytes - before.memoryBytes < 30 * megabyte, `${before.memoryBytes}, ${during.memoryBytes}`)
    assert.ok(during.rssBytes - before.rssBytes < 80 * megabyte, `${before.rssBytes}, ${during.rssBytes}`)

    const mark = 'HTTP/1.1 200 '
    let answered = 0
    let text = ''
    for await (const piece of socket) {
      text = text.slice(1 - mark.length) + piece.toString('latin1')
      answered += text.split(mark).length - 1
    }
    assert.equal(answered, many)
  })
})

function closing(sockets: readonly Socket[]): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await eventually(() => sockets.every(({ closed }) => closed))
    },
  }
}
