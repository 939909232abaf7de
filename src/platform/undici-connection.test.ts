// Tests of undici-connection.ts: how a connection is made, over TCP, TLS and Unix sockets, how long it is kept, and what loses it.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { encrypted, pem, plain, raw } from '../../test/platform/http-servers.ts'
import { eventually } from '../testing/eventually.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { Requester } from './requester.ts'

const ca = pem('ca')
const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

describe('a connection', () => {
  it('must be made in time, TLS included', async () => {
    await using server = await raw((socket) => socket.resume())
    const clock = manualClock()
    await using requester = new Requester({ clock, connectTimeoutMs: 500 })
    const url = server.url.replace('http', 'https')
    const failure = assert.rejects(requester.request(url), {
      code: 'unavailable',
      retry: 'safe',
      message: `could not connect to ${url}: it took longer than 500ms`,
    })
    await eventually(() => server.open.size === 1)
    await clock.advance(499)
    assert.equal(server.open.size, 1)
    await clock.advance(1)
    await failure
    await eventually(() => server.open.size === 0)
    assert.equal(clock.pending, 0)
  })

  it('that the other side closes during the handshake sent nothing', async () => {
    for (const lose of [(socket: Socket) => socket.resetAndDestroy(), (socket: Socket) => socket.end()]) {
      await using server = await raw((socket) => socket.once('data', () => lose(socket)))
      await using requester = new Requester()
      const url = server.url.replace('http', 'https')
      await assert.rejects(requester.request(url), {
        code: 'unavailable',
        retry: 'safe',
        message: /closed the connection/,
      })
    }
  })

  it('trusts the authority that is handed in, and goes on with a TLS session', async () => {
    const reused: boolean[] = []
    await using server = await encrypted('server', (request, reply) => {
      reused.push((request.socket as TLSSocket).isSessionReused())
      reply.writeHead(200, { connection: 'close' }).end()
    })
    await using requester = new Requester({ tls: { ca } })
    for (let n = 0; n < 2; n++) assert.equal((await requester.request(server.url)).status, 200)
    assert.deepEqual(reused, [false, true])
  })

  it('says what is wrong with a certificate', async () => {
    for (const [certificate, tls, message] of [
      ['expired', { ca }, /has expired/],
      ['other-host', { ca }, /is for another host: check the origin, or set tls\.serverName/],
      ['server', undefined, /hand in the authority as tls\.ca/],
    ] as const) {
      await using server = await encrypted(certificate, (_request, reply) => reply.end())
      await using requester = new Requester({ tls })
      await assert.rejects(requester.request(server.url), { code: 'unavailable', retry: 'safe', message })
    }
  })

  it('asks for the name that it is told, and trusts anybody when it is told so', async () => {
    const names: unknown[] = []
    await using server = await encrypted('other-host', (request, reply) => {
      names.push((request.socket as TLSSocket & { servername: unknown }).servername)
      reply.end()
    })
    await using named = new Requester({ tls: { ca, serverName: 'other.test' } })
    await using trusting = new Requester({ tls: { rejectUnauthorized: false } })
    for (const requester of [named, trusting]) assert.equal((await requester.request(server.url)).status, 200)
    assert.deepEqual(names, ['other.test', 'localhost'])
  })

  it('shows our certificate to servers that want one, and says so when they refuse', async () => {
    const strict = { ca, requestCert: true, rejectUnauthorized: true }
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      await using server = await encrypted('server', (_request, reply) => reply.end(), { ...strict, maxVersion })
      const own = { ca, cert: pem('client'), key: pem('client-key') }
      await using known = new Requester({ tls: own })
      assert.equal((await known.request(server.url)).status, 200)
      await using unknown = new Requester({ tls: { ca } })
      await assert.rejects(unknown.request(server.url), { code: 'unavailable' })
    }
  })

  it('goes to a Unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'servicekit-'))
    try {
      const socketPath = join(folder, 's')
      await using requester = new Requester({ socketPath })
      await assert.rejects(requester.request('http://docker.test/'), {
        retry: 'safe',
        message: `could not connect to http://docker.test (${socketPath}): there is no such socket (ENOENT)`,
      })
      await using _server = await plain((request, reply) => reply.end(request.headers.host), socketPath)
      const { body } = await requester.request('http://docker.test/')
      assert.equal(new TextDecoder().decode(body), 'docker.test')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('that is old takes no new request, is closed when idle, and cuts no reply', async () => {
    const clock = manualClock()
    let finish = () => {}
    await using server = await plain((request, reply) => {
      if (request.url === '/long') {
        reply.write('a')
        finish = () => reply.end('b')
      } else reply.end()
    })
    await using requester = new Requester({ clock, maxConnectionAgeMs: 1_000, maxConnections: 1, keepAliveMs: 600_000 })
    await requester.request(server.url)
    await clock.advance(999)
    await requester.request(server.url)
    assert.deepEqual([server.accepted, server.open.size], [1, 1])
    await clock.advance(1)
    await eventually(() => server.open.size === 0)
    const { body } = await requester.open(`${server.url}/long`)
    await clock.advance(5_000)
    finish()
    let text = ''
    for await (const chunk of body) text += new TextDecoder().decode(chunk)
    assert.equal(text, 'ab')
    await eventually(() => server.open.size === 0)
    await requester.request(server.url)
    assert.equal(server.accepted, 3)
  })

  it('that is idle is closed in time, by the word of the server when there is one', async () => {
    for (const [hint, open] of [
      ['', 0],
      ['keep-alive: timeout=60\r\n', 1],
      // Less than the margin of a second: not to be used again.
      ['keep-alive: timeout=1\r\n', 0],
    ] as const) {
      const head = ok.replace('content-length', `${hint}content-length`)
      await using server = await raw((socket) => socket.on('data', () => socket.write(head)))
      await using requester = new Requester({ keepAliveMs: hint === '' ? 20 : 40 })
      await requester.request(server.url)
      if (open === 0) await eventually(() => server.open.size === 0)
      else {
        // An idle connection without a hint comes and goes meanwhile.
        await using other = await raw((socket) => socket.on('data', () => socket.write(ok)))
        await requester.request(other.url)
        await eventually(() => other.open.size === 0)
        assert.equal(server.open.size, 1)
      }
    }
  })

  it('that the other side closed while idle costs no request', async () => {
    await using server = await raw((socket) => {
      socket.once('data', () => {
        socket.write(ok)
        socket.once('data', () => assert.fail('it was used again'))
        setImmediate(() => socket.end())
      })
    })
    await using requester = new Requester({ keepAliveMs: 60_000 })
    for (let n = 0; n < 20; n++) {
      await requester.request(server.url, { method: 'POST', body: 'x' })
      await eventually(() => server.open.size === 0)
    }
    assert.equal(server.accepted, 20)
  })

  it('that dies as it is used again says that the request may have run', async () => {
    await using server = await raw((socket) => {
      socket.once('data', () => {
        socket.write(ok)
        socket.once('data', () => socket.resetAndDestroy())
      })
    })
    await using requester = new Requester({ keepAliveMs: 60_000 })
    await requester.request(server.url)
    await assert.rejects(requester.request(server.url), {
      code: 'unavailable',
      retry: 'if_idempotent',
      message: /before it replied/,
    })
    assert.equal((await requester.request(server.url)).status, 200)
  })
})
