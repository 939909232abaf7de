// Tests of undici-origin.ts: how many connections there are, who waits for one, and that nothing is left behind.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { Heard } from '../../test/platform/heard.ts'
import { plain, raw } from '../../test/platform/http-servers.ts'
import { systemClock } from '../core/clock.ts'
import { eventually } from '../testing/eventually.ts'
import { Requester } from './requester.ts'

const get = { method: 'GET', path: '/', headers: [] } as const

/** A server that answers when it is told to. */
async function patient() {
  const replies: ServerResponse[] = []
  const paths: (string | undefined)[] = []
  const server = await plain((request, reply) => {
    paths.push(request.url)
    replies.push(reply)
  })
  return { server, replies, paths }
}

describe('an origin', () => {
  it('has no more connections than allowed, and serves those that wait in the order of their coming', async () => {
    const { server, replies, paths } = await patient()
    await using _ = server
    await using requester = new Requester({ maxConnections: 2 })
    const origin = requester.to(server.url)
    const heard = Array.from({ length: 6 }, (_, n) => {
      const one = new Heard()
      origin.send({ ...get, path: `/${n}` }, one)
      return one
    })
    for (let n = 0; n < 6; n++) {
      await eventually(() => replies.length > n)
      assert.ok(replies.length <= n + 2)
      replies[n]?.end()
    }
    for (const one of heard) assert.equal(await one.end, undefined)
    assert.deepEqual([...paths].sort(), ['/0', '/1', '/2', '/3', '/4', '/5'])
    assert.deepEqual(paths.slice(2), ['/2', '/3', '/4', '/5'])
    assert.equal(server.accepted, 2)
  })

  it('takes back what still waits, and sends it never', async () => {
    const { server, replies, paths } = await patient()
    await using _ = server
    await using requester = new Requester({ maxConnections: 1 })
    const origin = requester.to(server.url)
    const [first, second, third] = [new Heard(), new Heard(), new Heard()]
    origin.send({ ...get, path: '/first' }, first)
    origin.send({ ...get, path: '/second' }, second).abort()
    origin.send({ ...get, path: '/third' }, third)
    assert.equal((await second.end)?.code, 'canceled')
    await eventually(() => replies.length === 1)
    replies[0]?.end()
    await eventually(() => replies.length === 2)
    replies[1]?.end()
    assert.equal(await third.end, undefined)
    assert.deepEqual(paths, ['/first', '/third'])
  })

  it('keeps the connection of a request that is called off before it is written', async () => {
    const { server, replies, paths } = await patient()
    await using _ = server
    await using requester = new Requester({ maxConnections: 1 })
    const origin = requester.to(server.url)
    for (let n = 0; n < 5; n++) origin.send({ ...get, path: '/never' }, new Heard()).abort()
    const heard = new Heard()
    origin.send({ ...get, path: '/sent' }, heard)
    await eventually(() => replies.length === 1)
    origin.send({ ...get, path: '/never' }, new Heard()).abort()
    replies[0]?.end()
    assert.equal(await heard.end, undefined)
    origin.send({ ...get, path: '/never' }, new Heard()).abort()
    const last = new Heard()
    origin.send({ ...get, path: '/last' }, last)
    await eventually(() => replies.length === 2)
    replies[1]?.end()
    assert.equal(await last.end, undefined)
    assert.deepEqual(paths, ['/sent', '/last'])
    assert.equal(server.accepted, 1)
  })

  it('gives the place of a connection that was lost to the next one', async () => {
    const { server, replies } = await patient()
    await using _ = server
    await using requester = new Requester({ maxConnections: 1 })
    const origin = requester.to(server.url)
    const [cut, next] = [new Heard(), new Heard()]
    const exchange = origin.send(get, cut)
    origin.send(get, next)
    await eventually(() => replies.length === 1)
    exchange.abort()
    await eventually(() => replies.length === 2)
    replies[1]?.end()
    assert.equal(await next.end, undefined)
    assert.equal(server.accepted, 2)
  })

  it('fails all that wait when nobody listens there', async () => {
    const server = await raw(() => {})
    await server[Symbol.asyncDispose]()
    await using requester = new Requester({ maxConnections: 2 })
    const heard = Array.from({ length: 10 }, () => {
      const one = new Heard()
      requester.to(server.url).send(get, one)
      return one
    })
    for (const one of heard) assert.equal((await one.end)?.retry, 'safe')
  })

  it('sends from within what it tells', async () => {
    await using server = await plain((_request, reply) => reply.end('x'.repeat(100_000)))
    await using requester = new Requester({ maxConnections: 3 })
    const origin = requester.to(server.url)
    const heard: Heard[] = []
    const send = (depth: number) => {
      const one = new Heard()
      heard.push(one)
      if (depth > 0) {
        for (const member of ['onHead', 'onData', 'onEnd'] as const) {
          const told: (...args: never[]) => void = one[member].bind(one)
          let first = true
          one[member] = (...args: never[]) => {
            told(...args)
            if (first) send(depth - 1)
            first = false
          }
        }
      }
      origin.send(get, one)
    }
    send(4)
    await eventually(() => heard.length === 1 + 3 + 9 + 27 + 81)
    for (const one of heard) assert.equal(await one.end, undefined)
    assert.ok(server.accepted <= 3)
  })

  it('closes all sockets before close resolves, those that connect too', async () => {
    const { server } = await patient()
    await using _ = server
    const requester = new Requester()
    const origin = requester.to(server.url)
    const heard = Array.from({ length: 5 }, () => new Heard())
    for (const one of heard) origin.send(get, one)
    await eventually(() => server.open.size === 5)
    const connecting = new Heard()
    origin.send(get, connecting)
    const before = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
    await requester.close()
    const after = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length
    assert.ok(after < before)
    for (const one of [...heard, connecting]) assert.equal((await one.end)?.message, 'the client was closed')
    await eventually(() => server.open.size === 0)
  })

  it('leaves neither listeners nor sockets behind after 10,000 requests', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    await using server = await plain((_request, reply) => reply.end('ok'))
    const requester = new Requester({ headersTimeoutMs: 60_000 })
    const origin = requester.to(server.url)
    const counts: number[] = []
    for (let n = 0; n < 10_000; n++) {
      const heard = new Heard()
      origin.send({ method: 'POST', path: '/', headers: [], body: 'x' }, heard)
      assert.equal(await heard.end, undefined)
      if (n % 3_000 === 0) counts.push(server.open.size)
    }
    assert.deepEqual([...new Set(counts)], [1])
    assert.equal(server.accepted, 1)
    await requester.close()
    await eventually(() => server.open.size === 0)
    process.off('warning', onWarning)
    assert.deepEqual(warnings, [])
  })

  it('does not keep the process alive once it is idle', async () => {
    await using server = await plain((_request, reply) => reply.end('ok'))
    const ended = await saidBy(`
      const requester = new Requester({ keepAliveMs: 600000 })
      await Promise.all([1, 2, 3].map(() => requester.request('${server.url}')))
      console.log('done')`)
    assert.deepEqual(ended, [0, 'done\n'])
  })

  it('does not keep the process alive for what is in the background, and does for what is not', async () => {
    const polls: string[] = []
    await using server = await plain((request, reply) => {
      if (request.url?.startsWith('/poll')) polls.push(request.url)
      else if (request.url?.startsWith('/last')) reply.writeHead(200, { connection: 'close' }).end()
      // Later than a process ends that nothing holds.
      else void systemClock.sleep(20).then(() => reply.end('ok'))
    })
    const ended = await saidBy(`
      const wide = new Requester()
      const narrow = new Requester({ maxConnections: 1 })
      const ask = (n, requester, background) =>
        requester.request('${server.url}/' + n, { background }).then(() => console.log(n))
      ask('poll 1', wide, true)
      await ask('new connection', wide)
      await ask('idle connection', wide)
      const hold = setInterval(() => {}, 1_000)
      ask('background', narrow, true).then(() => clearInterval(hold))
      await ask('connection that is passed on', narrow)
      ask('last of a connection', narrow)
      ask('poll 2', narrow, true)`)
    const said = [
      'new connection',
      'idle connection',
      'background',
      'connection that is passed on',
      'last of a connection',
    ]
    assert.deepEqual(ended, [0, said.map((line) => `${line}\n`).join('')])
    await eventually(() => polls.length === 2)
  })
})

/** Runs a program with a Requester: how it ends, and what it says. */
async function saidBy(code: string): Promise<[number, string]> {
  const source = `import { Requester } from '${new URL('./requester.ts', import.meta.url).href}'\n${code}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const ended = once(child, 'close')
    const said = text(child.stdout)
    const [exitCode] = await ended
    return [exitCode, await said]
  } finally {
    child.kill('SIGKILL')
  }
}
