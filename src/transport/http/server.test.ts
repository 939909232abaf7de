// Tests of server.ts: where it listens, how it knows its callers, its limits, and how it ends; what it does with a request is in service.test.ts.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, describe, it } from 'node:test'
import { pem } from '../../../test/platform/http-servers.ts'
import { contract, serverStream, unary } from '../../core/contract.ts'
import { endpoints } from '../../core/endpoints.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { mounted } from '../dispatch.ts'
import { httpClient } from './client.ts'
import { httpEndpoint } from './endpoint.ts'
import { clientCertificate, httpRequest } from './http-inbound.ts'
import { httpServer } from './server.ts'

const folder = mkdtempSync(join(tmpdir(), 'http-server-'))
after(() => rmSync(folder, { recursive: true }))
const local = { host: '127.0.0.1' }

const svc = contract('svc', {
  name: unary.of<void, string>(),
  wait: unary.of<void, string>(),
  flow: serverStream.of<void, number>(),
})
type Handling = Partial<Parameters<typeof endpoints<(typeof svc)['methods']>>[1]>
const serving = (handlers: Handling = {}) =>
  endpoints(svc, { name: () => 'svc', wait: () => 'waited', async *flow() {}, ...handlers })

/** A handler that says when it has begun, and ends when it is told to. */
function gated() {
  const entered = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const wait = async () => {
    entered.resolve()
    await gate.promise
    return 'waited'
  }
  return { wait, entered: entered.promise, open: gate.resolve }
}

type Answer = { readonly status: number | undefined; readonly headers: IncomingHttpHeaders; readonly body: string }

async function post(url: string, agent: Agent): Promise<Answer> {
  const sent = request(url, { method: 'POST', agent }).end()
  const [reply] = await once(sent, 'response')
  return { status: reply.statusCode, headers: reply.headers, body: await text(reply) }
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

/** The key and the certificate of one of test/certificates. */
const pair = (name: string) => ({ key: pem(`${name}-key`), cert: pem(name) })

describe('httpServer', () => {
  it('refuses options out of range at construction, and names them', () => {
    const wrong = { drainMs: -1, maxTimeoutMs: 0, maxBodyBytes: 1.5, maxDepth: 0, maxUrlChars: 0, requestTimeoutMs: 0 }
    const more = { heartbeatMs: Number.NaN, headersTimeoutMs: 0, maxHeaderBytes: 100, maxHeaders: 0, keepAliveMs: -1 }
    for (const [option, value] of Object.entries({ ...wrong, ...more, maxConnections: 0 })) {
      const refused = { name: 'RangeError', message: new RegExp(`^${option}`) }
      assert.throws(() => httpServer(svc, serving(), { [option]: value }), refused, option)
      assert.throws(() => httpServer({ [option]: value }), refused)
    }
    assert.throws(() => httpServer(svc, serving(), { tls: { key: 'no', cert: 'no' } }), {
      name: 'TypeError',
      message: /^tls/,
    })
  })

  it('refuses endpoints that are missing, methods mounted twice, and routes that collide', () => {
    const refused = (message: RegExp) => ({ name: 'TypeError', message })
    assert.throws(() => httpServer(svc, {} as never), refused(/svc.*name is missing/))
    assert.throws(
      () => httpServer(svc, serving(), { mount: [mounted(svc, serving())] }),
      refused(/same service and name/),
    )
    const other = contract('other', { name: unary.of<void, string>() })
    const served = mounted(other, endpoints(other, { name: () => 'other' }))
    assert.throws(
      () => httpServer(svc, serving(), { mount: [served] }),
      refused(/two methods have the route POST \/name/),
    )
    const raw = httpEndpoint(async () => 1, { method: 'POST', path: '/name' })
    assert.throws(() => httpServer(svc, serving(), { mount: [raw] }), refused(/two methods have the route POST \/name/))
  })

  it('listens anew each time, on all interfaces and any port unless told otherwise', async () => {
    const ready = httpServer(svc, serving())
    await using one = await ready.listen(local)
    await using two = await ready.listen()
    assert.notEqual(one.port, two.port)
    assert.equal(two.url, `http://127.0.0.1:${two.port}`)
    await one.close()
    await using client = httpClient(svc, { baseUrl: two.url })
    assert.equal(await client.name(), 'svc')
  })

  it('says what to do when the port is taken, or no place to listen on', async () => {
    await using server = await httpServer(svc, serving()).listen(local)
    const { port } = server
    await assert.rejects(httpServer(svc, serving()).listen({ ...local, port }), (error: Error) => {
      assert.match(error.message, new RegExp(`${port}.*taken.*EADDRINUSE`))
      assert.equal((error.cause as NodeJS.ErrnoException).code, 'EADDRINUSE')
      return true
    })
    await assert.rejects(httpServer(svc, serving()).listen({ port: 70_000 }), { name: 'RangeError', message: /^port/ })
    await assert.rejects(httpServer(svc, serving()).listen({ path: '/x', host: 'y' }), /path excludes host and port/)
  })

  it('serves on a Unix socket, but not on one that is taken', async () => {
    const path = join(folder, 'socket')
    await using server = await httpServer(svc, serving()).listen({ path })
    assert.deepEqual([server.url, server.port], ['http://localhost', 0])
    await using client = httpClient(svc, { baseUrl: server.url, socketPath: path })
    assert.equal(await client.name(), 'svc')
    await assert.rejects(httpServer(svc, serving()).listen({ path }), /the file is there already/)
  })

  it('speaks TLS, and tells the handler so', async () => {
    const lines: unknown[] = []
    const served = serving({
      name: (_, ctx) => {
        lines.push(ctx.get(httpRequest)?.secure, ctx.get(clientCertificate))
        return 'secret'
      },
    })
    await using server = await httpServer(svc, served, { tls: pair('server') }).listen(local)
    assert.match(server.url, /^https:/)
    await using client = httpClient(svc, { baseUrl: server.url, tls: { ca: pem('ca') } })
    assert.equal(await client.name(), 'secret')
    assert.deepEqual(lines, [true, undefined])
    await using stranger = httpClient(svc, { baseUrl: server.url })
    await assert.rejects(stranger.name(), { code: 'unavailable', retry: 'safe' })
  })

  it('asks callers for a certificate that its authority signed, and hands it to the handler', async () => {
    const served = serving({
      name: (_, ctx) => new X509Certificate(Buffer.from(ctx.get(clientCertificate) as Uint8Array)).subject,
    })
    const tls = { ...pair('server'), ca: pem('ca'), requestCertificate: true }
    await using server = await httpServer(svc, served, { tls }).listen(local)
    await using client = httpClient(svc, { baseUrl: server.url, tls: { ca: pem('ca'), ...pair('client') } })
    assert.match(await client.name(), /^CN=/)
    for (const shown of [pair('expired'), {}]) {
      await using other = httpClient(svc, { baseUrl: server.url, tls: { ca: pem('ca'), ...shown } })
      await assert.rejects(other.name(), { code: 'unavailable' })
    }
    assert.equal(server.stats.served, 1)
  })

  it('closes connections beyond maxConnections', async () => {
    await using server = await httpServer(svc, serving(), { maxConnections: 1 }).listen(local)
    await using first = await open(server.port)
    await using second = await open(server.port)
    await once(second.resume(), 'close')
    first.end('POST /name HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    assert.match(await text(first), /^HTTP\/1\.1 200/)
  })

  it('refuses too many headers, headers that are too large, and headers that take too long', async () => {
    const limits = { maxHeaders: 3, maxHeaderBytes: 2_000, headersTimeoutMs: 50 }
    await using server = await httpServer(svc, serving(), limits).listen(local)
    const ask = async (headers: string) => {
      await using socket = await open(server.port)
      socket.write(`POST /name HTTP/1.1\r\nhost: x\r\n${headers}`)
      return await text(socket)
    }
    assert.match(
      await ask('a: 1\r\nb: 2\r\nc: 3\r\n\r\n'),
      /^HTTP\/1\.1 431[\s\S]*application\/problem\+json[\s\S]*headers/,
    )
    assert.match(await ask(`a: ${'x'.repeat(3_000)}\r\n\r\n`), /^HTTP\/1\.1 431/)
    assert.match(await ask('a: 1\r\n'), /^HTTP\/1\.1 408[\s\S]*"deadline_exceeded"/)
    assert.equal(server.stats.served, 0)
  })
})

describe('closing an HTTP server', () => {
  it('lets a call in flight end, and closes its connection with the reply', async () => {
    const { wait, entered, open: finish } = gated()
    const server = await httpServer(svc, serving({ wait })).listen(local)
    using agent = disposable(new Agent({ keepAlive: true }))
    const answer = post(`${server.url}/wait`, agent.agent)
    await entered
    assert.deepEqual([server.stats.inFlight, server.stats.served, server.stats.draining], [1, 1, false])
    const closing = server.close()
    assert.equal(server.stats.draining, true)
    await eventually(() => assert.rejects(open(server.port), { code: 'ECONNREFUSED' }))
    finish()
    const { status, headers, body } = await answer
    assert.deepEqual([status, headers.connection, body], [200, 'close', '"waited"\n'])
    await closing
  })

  it('refuses a new call on a connection that is still open', async () => {
    const { wait, entered, open: finish } = gated()
    const server = await httpServer(svc, serving({ wait })).listen(local)
    await using client = httpClient(svc, { baseUrl: server.url })
    await using socket = await open(server.port)
    socket.write('POST /name HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n')
    assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 100/)
    socket.pause()
    const waiting = client.wait()
    await entered
    const closing = server.close()
    socket.write('null')
    const answer = await text(socket)
    assert.match(answer, /^HTTP\/1\.1 503[\s\S]*connection: close[\s\S]*"unavailable"[\s\S]*"safe"/i)
    assert.equal(server.stats.refused, 1)
    finish()
    assert.equal(await waiting, 'waited')
    await closing
  })

  it('refuses in words what had come but was not read, on connections that it knows and on those that it has not taken yet', async () => {
    const server = await httpServer(svc, serving()).listen(local)
    const call = 'POST /name HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n'
    await using known = await open(server.port)
    known.write(call)
    assert.match(String((await once(known, 'data'))[0]), /^HTTP\/1\.1 200/)
    // Both are there for the server as soon as the system was asked for them.
    known.write(call)
    await using another = connect(server.port, '127.0.0.1')
    const closing = server.close()
    another.write(call)
    for (const answer of await Promise.all([text(known), text(another)]))
      assert.match(answer, /^HTTP\/1\.1 503[\s\S]*connection: close[\s\S]*"safe"/i)
    await closing
    assert.equal(server.stats.refused, 2)
  })

  it('lets callers go before: it serves, and closes each connection behind its reply', async () => {
    const { wait, entered, open: finish } = gated()
    const served = serving({
      async *flow() {
        yield 1
        await wait()
      },
    })
    await using server = await httpServer(svc, served).listen(local)
    using agent = disposable(new Agent({ keepAlive: true }))
    await using begun = await open(server.port)
    begun.write('POST /flow HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n')
    await entered
    server.leave()
    finish()
    assert.match(await text(begun), /^HTTP\/1\.1 200/)
    for (const path of ['name', 'nothing'])
      assert.equal((await post(`${server.url}/${path}`, agent.agent)).headers.connection, 'close')
    assert.deepEqual([server.stats.served, server.stats.draining], [2, false])
  })

  it('calls off what is left after drainMs', async () => {
    const clock = manualClock()
    const entered = Promise.withResolvers<void>()
    const wait: Handling['wait'] = (_, ctx) =>
      new Promise((_, reject) => {
        ctx.onAbort(reject)
        entered.resolve()
      })
    const options = { clock, drainMs: 2_000, onError: () => {} }
    const server = await httpServer(svc, serving({ wait }), options).listen(local)
    await using client = httpClient(svc, { baseUrl: server.url })
    const refused = assert.rejects(client.wait(), { code: 'unavailable', message: /shut down/ })
    await entered.promise
    const closing = server.close()
    await clock.advance(1_999)
    assert.equal(server.stats.inFlight, 1)
    await clock.advance(1)
    await refused
    await closing
    assert.equal(clock.pending, 0)
  })

  it('closes idle connections at once, and those on which nothing was ever sent', async () => {
    const server = await httpServer(svc, serving(), { drainMs: 2_000 }).listen(local)
    using agent = disposable(new Agent({ keepAlive: true }))
    const { headers } = await post(`${server.url}/name`, agent.agent)
    assert.equal(headers.connection, 'keep-alive')
    await using _silent = await open(server.port)
    await settlesWithin(server.close(), 1_000)
  })

  it('does not wait for the connection of a stream that began before and has ended', async () => {
    const { wait: pause, entered, open: finish } = gated()
    const served = serving({
      async *flow() {
        yield 1
        await pause()
        yield 2
      },
    })
    const server = await httpServer(svc, served, { drainMs: 2_000 }).listen(local)
    using agent = disposable(new Agent({ keepAlive: true }))
    const answer = post(`${server.url}/flow`, agent.agent)
    await entered
    const closing = server.close()
    finish()
    assert.equal((await answer).body, '1\n2\n')
    await settlesWithin(closing, 1_000)
  })

  it('closes twice as once, and resolves closed', async () => {
    const before = process.listenerCount('SIGTERM')
    const server = await httpServer(svc, serving()).listen(local)
    const { closed } = server
    assert.equal(process.listenerCount('SIGTERM'), before + 1)
    await Promise.all([server.close(), server.close(), server[Symbol.asyncDispose](), closed])
    assert.equal(process.listenerCount('SIGTERM'), before)
  })
})

function disposable(agent: Agent): { agent: Agent } & Disposable {
  return { agent, [Symbol.dispose]: () => agent.destroy() }
}

async function settlesWithin(promise: Promise<void>, limitMs: number): Promise<void> {
  let settled = false
  void promise.then(() => {
    settled = true
  })
  await eventually(() => settled, limitMs)
}
