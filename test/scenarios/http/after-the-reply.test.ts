// What happens once a reply has begun: it arrives whole at slow readers and in a drain, and what makes it hears of its reader and its faults.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { contract, endpoints, reply, ServiceError, unary } from 'servicekit'
import { httpCall } from 'servicekit/transport/http/call'
import { type HttpCallEnd, httpEndpoint } from 'servicekit/transport/http/endpoint'
import { httpHandler } from 'servicekit/transport/http/handler'
import { type HttpServerOptions, httpServer } from 'servicekit/transport/http/server'
import { eventually } from '../../../src/testing/eventually.ts'
import { recorder } from '../../../src/testing/recorder.ts'
import { pem } from '../../platform/http-servers.ts'

const local = { host: '127.0.0.1' }
const large = 30_000_000
const files = contract('files', { read: unary.of<void, string>(), wait: unary.of<void, string>() })

const serve = (options?: HttpServerOptions) =>
  httpServer(
    files,
    endpoints(files, { read: () => 'x'.repeat(large), wait: (_, ctx) => ctx.clock.sleep(700).then(() => 'done') }),
    options,
  ).listen(local)

const post = (path: string) => `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n`

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Reads a little now and then, and tells how much came until the connection closed, or until it was all. */
async function readSlowly(socket: Socket, enough: number): Promise<number> {
  let bytes = 0
  const closed = once(socket, 'close')
  socket.on('data', (piece) => {
    bytes += piece.length
    socket.pause()
    setImmediate(() => socket.resume())
  })
  socket.resume()
  await Promise.race([closed, eventually(() => bytes >= enough, 20_000)])
  socket.pause()
  return bytes
}

describe('a large reply', () => {
  it('arrives whole although the server closes meanwhile', async () => {
    const server = await serve()
    const socket = await dial(server.port)
    socket.pause()
    socket.write(post('/read'))
    await eventually(() => server.stats.served === 1 && server.stats.inFlight === 0)
    const closed = server.close()
    assert.ok((await readSlowly(socket, large)) >= large)
    await closed
  })

  it('arrives whole at a reader that takes longer than a connection may be idle', async () => {
    await using server = await serve({ keepAliveMs: 50, headersTimeoutMs: 50 })
    const socket = await dial(server.port)
    socket.pause()
    socket.write(post('/read'))
    let bytes = 0
    socket.on('data', (piece) => {
      bytes += piece.length
      // A hundred times in all, so that it takes several times the limit.
      socket.pause()
      void eventually(() => true).then(() => socket.resume())
    })
    socket.resume()
    await eventually(() => bytes >= large, 20_000)
    socket.destroy()
  })

  it('puts no limit on the next call of its connection', async () => {
    await using server = await serve({ sendTimeoutMs: 300, keepAliveMs: 0 })
    const socket = await dial(server.port)
    socket.write(post('/read'))
    assert.ok((await readSlowly(socket, large + 100)) > large)
    let text = ''
    socket.removeAllListeners('data').on('data', (piece) => {
      text += piece
    })
    socket.resume()
    socket.write(post('/wait'))
    await eventually(() => text.endsWith('"done"\n'), 5_000)
    socket.destroy()
  })
})

describe('a TLS handshake that does not go on', () => {
  const tls = { key: pem('server-key'), cert: pem('server') }

  it('has the time that headers have', async () => {
    await using server = await serve({ tls, headersTimeoutMs: 200 })
    const socket = await dial(server.port)
    socket.resume()
    await once(socket, 'close')
  })

  it('does not keep a server from closing', async () => {
    const server = await serve({ tls, drainMs: 20_000 })
    const socket = await dial(server.port)
    socket.resume()
    // It is known once another one was let in.
    const other = await dial(server.port)
    other.destroy()
    await eventually(() => server.close().then(() => true), 5_000)
  })
})

describe('a raw stream', () => {
  it('is canceled, and its handler’s signal aborted, when its reader goes', async () => {
    const canceled = Promise.withResolvers<unknown>()
    const aborted = Promise.withResolvers<void>()
    const quiet = httpHandler('/quiet', (request) => {
      request.signal.addEventListener('abort', () => aborted.resolve())
      const start = (controller: ReadableStreamDefaultController) => controller.enqueue(new Uint8Array([1]))
      return new Response(new ReadableStream({ start, cancel: canceled.resolve }))
    })
    await using server = await httpServer({ mount: [quiet] }).listen(local)
    const socket = await dial(server.port)
    socket.write(post('/quiet'))
    await once(socket, 'data')
    socket.destroy()
    await Promise.all([canceled.promise, aborted.promise])
  })

  it('that fails is told to onError, and to finally as what it is', async () => {
    const errors = recorder<{ readonly thrown: unknown }>()
    const ends = recorder<HttpCallEnd>()
    async function* failing() {
      yield 'a'
      throw new Error('disk is full')
    }
    const broken = httpEndpoint(async () => failing(), {
      method: 'POST',
      path: '/broken',
      encode: (body) => ({ body }),
      finally: [ends],
    })
    await using server = await httpServer({ mount: [broken], onError: errors }).listen(local)
    const socket = await dial(server.port)
    socket.write(post('/broken'))
    socket.resume()
    await once(socket, 'close')
    await eventually(() => ends.events.length === 1)
    assert.deepEqual(
      errors.events.map(({ thrown }) => (thrown as Error).message),
      ['disk is full'],
    )
    assert.deepEqual([ends.events[0]?.code, ends.events[0]?.status], ['internal', 200])
  })

  it('of a request wakes whoever reads it at the deadline', async () => {
    const told = Promise.withResolvers<unknown>()
    const upload = httpEndpoint(
      async (stream: AsyncIterable<Uint8Array>) => {
        try {
          for await (const _ of stream);
        } catch (thrown) {
          told.resolve(thrown)
        }
      },
      {
        method: 'POST',
        path: '/up',
        body: 'stream',
        timeoutMs: 100,
        decode: ({ stream }) => stream,
        encode: () => ({}),
      },
    )
    await using server = await httpServer({ mount: [upload], onError: () => {} }).listen(local)
    const socket = await dial(server.port)
    socket.write('POST /up HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n1')
    assert.equal(((await told.promise) as ServiceError).code, 'deadline_exceeded')
    socket.destroy()
  })
})

describe('a header that is set twice', () => {
  it('is sent once, and the program’s own word counts', async () => {
    const echo = httpEndpoint(
      async (_: unknown, ctx) => {
        reply(ctx).setHeader('x-own', '7')
        return 1
      },
      { method: 'POST', path: '/echo', after: [(_, call) => call.setHeader('content-type', 'application/vnd.x+json')] },
    )
    const refusing = httpEndpoint(
      async (_: unknown, ctx): Promise<never> => {
        reply(ctx).setHeader('retry-after', '7')
        throw new ServiceError('unavailable', 'later', { retryAfterMs: 2_000 })
      },
      { method: 'POST', path: '/refuse' },
    )
    const sent: string[][] = []
    const seen = httpEndpoint(async (_: unknown) => 1, {
      method: 'POST',
      path: '/seen',
      decode: ({ headers }) => sent.push(Array.from(headers, ([name, value]) => `${name}: ${value}`)),
    })
    await using server = await httpServer({ mount: [echo, refusing, seen] }).listen(local)
    const typed = await fetch(`${server.url}/echo`, { method: 'POST', body: '1' })
    assert.equal(typed.headers.get('content-type'), 'application/vnd.x+json')
    const refused = await fetch(`${server.url}/refuse`, { method: 'POST', body: '1' })
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '7'])
    await using call = httpCall({
      method: 'POST',
      url: `${server.url}/seen`,
      before: [
        (ctx, outgoing) => {
          outgoing.setHeader('Content-Type', 'application/vnd.y+json')
          return ctx
        },
      ],
    })
    await call(1)
    assert.deepEqual(
      sent[0]?.filter((line) => line.startsWith('content-type')),
      ['content-type: application/vnd.y+json'],
    )
  })
})
