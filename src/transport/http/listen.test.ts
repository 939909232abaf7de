// Tests of listen.ts: a server listens where it was told, or says what to do.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type ListenOptions, listen, placeOf } from './listen.ts'

/** A server that is closed after the test. */
function server(t: TestContext): Server {
  const made = createServer()
  t.after(() => new Promise<void>((resolve) => made.close(() => resolve())))
  return made
}

/** A path for a Unix socket that goes away after the test. */
async function socketPath(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'listen-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'socket')
}

/** What listening says when Node says that. */
async function said(code: string, where: ListenOptions = {}): Promise<string> {
  const cause = Object.assign(new Error(`listen ${code}`), { code })
  const failing = Object.assign(new EventEmitter(), { listen: () => void failing.emit('error', cause) })
  let message = ''
  await assert.rejects(listen(failing as unknown as Server, where), (error) => {
    assert.ok(error instanceof Error)
    assert.equal(error.cause, cause)
    message = error.message
    return true
  })
  return message
}

describe('listen', () => {
  it('takes any free port when it is told none', async (t) => {
    const at = server(t)
    await listen(at, { host: '127.0.0.1' })
    const { url, port } = placeOf(at, false)
    assert.ok(port > 0)
    assert.equal(url, `http://127.0.0.1:${port}`)
    assert.equal(at.listenerCount('error'), 0)
  })

  it('says that a port is taken, and what to do', async (t) => {
    const first = server(t)
    await listen(first, { host: '127.0.0.1' })
    const { port } = placeOf(first, false)
    await assert.rejects(listen(server(t), { host: '127.0.0.1', port }), (error) => {
      assert.ok(error instanceof Error)
      assert.match(error.message, new RegExp(`^cannot listen on 127\\.0\\.0\\.1:${port}: .*EADDRINUSE.*another port`))
      assert.equal((error.cause as NodeJS.ErrnoException).code, 'EADDRINUSE')
      return true
    })
  })

  it('can be tried again when it has failed', async (t) => {
    const first = server(t)
    await listen(first, { host: '127.0.0.1' })
    const second = server(t)
    await assert.rejects(listen(second, { host: '127.0.0.1', port: placeOf(first, false).port }))
    await listen(second, { host: '127.0.0.1' })
    assert.ok(placeOf(second, false).port > 0)
  })

  it('listens on a Unix socket', async (t) => {
    const at = server(t)
    const path = await socketPath(t)
    await listen(at, { path })
    assert.equal(at.address(), path)
    assert.deepEqual(placeOf(at, false), { url: 'http://localhost', port: 0, address: undefined })
  })

  it('says that a Unix socket is there already', async (t) => {
    const path = await socketPath(t)
    await listen(server(t), { path })
    await assert.rejects(listen(server(t), { path }), (error) => {
      assert.ok(error instanceof Error && error.message.startsWith(`cannot listen on ${path}: `))
      assert.match(error.message, /EADDRINUSE.*remove it/)
      return true
    })
  })

  it('says which host or folder is not there', async (t) => {
    const host = 'no-such-host.invalid'
    await assert.rejects(listen(server(t), { host }), { message: /^cannot listen on no-such-host\.invalid:0: ./ })
    const path = `${await socketPath(t)}/none/socket`
    await assert.rejects(listen(server(t), { path }), { message: /^cannot listen on \/.*none\/socket: ./ })
  })

  it('says what to do for each thing that can go wrong', async () => {
    assert.match(await said('EACCES', { port: 80 }), /^cannot listen on port 80: .*EACCES.*below 1024/)
    assert.match(
      await said('EADDRNOTAVAIL', { host: '10.9.9.9' }),
      /^cannot listen on 10\.9\.9\.9:0: .*no such address/,
    )
    assert.match(await said('ENOTFOUND', { host: 'a.b' }), /no host of that name/)
    assert.equal(await said('EWEIRD', { port: 1 }), 'cannot listen on port 1: listen EWEIRD')
  })

  it('refuses a port that is none', async (t) => {
    for (const port of [-1, 65_536, 1.5, Number.NaN, '80' as never]) {
      await assert.rejects(async () => listen(server(t), { port }), { message: /^port must be/ })
    }
  })

  it('refuses a host for a Unix socket', async (t) => {
    await assert.rejects(async () => listen(server(t), { path: '/x', host: 'a' }), {
      name: 'TypeError',
      message: /path excludes host and port/,
    })
  })
})

describe('placeOf', () => {
  const place = (address: string, secure: boolean) =>
    placeOf({ address: () => ({ address, port: 80, family: '' }) } as unknown as Server, secure)
  const at = (address: string, secure: boolean) => place(address, secure).url

  it('is one that clients on this host can call', () => {
    assert.equal(at('127.0.0.1', false), 'http://127.0.0.1:80')
    assert.equal(at('10.0.0.1', true), 'https://10.0.0.1:80')
    for (const all of ['::', '0.0.0.0']) assert.equal(at(all, false), 'http://127.0.0.1:80')
  })

  it('puts an IPv6 address into brackets', () => {
    assert.equal(at('::1', false), 'http://[::1]:80')
    assert.equal(new URL(at('fd00::1', true)).hostname, '[fd00::1]')
  })

  it('says what it is bound to', () => {
    assert.deepEqual(place('::', false), { url: 'http://127.0.0.1:80', port: 80, address: '[::]:80' })
    assert.equal(place('0.0.0.0', false).address, '0.0.0.0:80')
    assert.equal(place('::1', false).address, '[::1]:80')
    const socket = placeOf({ address: () => '/tmp/socket' } as unknown as Server, false)
    assert.deepEqual(socket, { url: 'http://localhost', port: 0, address: undefined })
  })
})
