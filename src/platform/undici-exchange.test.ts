// Tests of undici-exchange.ts: what undici tells, as a listener hears it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Heard } from '../../test/platform/heard.ts'
import { plain, raw } from '../../test/platform/http-servers.ts'
import { eventually } from '../testing/eventually.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { Requester } from './requester.ts'

const get = { method: 'GET', path: '/', headers: [] } as const

describe('an exchange', () => {
  it('passes over informational replies', async () => {
    await using server = await plain((_request, reply) => {
      reply.writeEarlyHints({ link: '</a>; rel=preload' })
      reply.end('ok')
    })
    await using requester = new Requester()
    const heard = new Heard()
    const statuses: number[] = []
    heard.onHead = (status) => statuses.push(status)
    requester.to(server.url).send(get, heard)
    assert.equal(await heard.end, undefined)
    assert.deepEqual(statuses, [200])
  })

  it('tells of trailers where there are some', async () => {
    await using server = await plain((request, reply) => {
      reply.setHeader('trailer', 'x-sum')
      reply.write('a')
      if (request.url === '/') reply.addTrailers({ 'x-sum': '1' })
      reply.end()
    })
    await using requester = new Requester()
    const [some, none] = [new Heard(), new Heard()]
    requester.to(server.url).send(get, some)
    requester.to(server.url).send({ ...get, path: '/none' }, none)
    assert.equal(await some.end, undefined)
    assert.equal(await none.end, undefined)
    assert.deepEqual([some.trailers?.get('x-sum'), none.trailers], ['1', undefined])
  })

  it('knows that nothing was sent of a body whose first piece is not here yet', async () => {
    const clock = manualClock()
    await using server = await plain((request) => request.resume())
    await using requester = new Requester({ clock })
    const origin = requester.to(server.url)
    for (const [begins, retry] of [
      [false, 'safe'],
      [true, 'if_idempotent'],
    ] as const) {
      const heard = new Heard()
      const begun = Promise.withResolvers<void>()
      let returned = 0
      const source = {
        next: () => {
          if (!begins || returned++ > 0) {
            begun.resolve()
            return new Promise<never>(() => {})
          }
          return Promise.resolve({ done: false, value: new Uint8Array(5) })
        },
        return: async () => {
          closed.resolve()
          return { done: true, value: undefined }
        },
      }
      const closed = Promise.withResolvers<void>()
      const body = { [Symbol.asyncIterator]: () => source } as AsyncIterable<Uint8Array>
      origin.send({ method: 'POST', path: '/', headers: [], body, headersTimeoutMs: 100 }, heard)
      await begun.promise
      await clock.advance(100)
      assert.equal((await heard.end)?.retry, retry)
      await closed.promise
    }
  })

  it('is paused and resumed from anywhere, also from within what another one is told', async () => {
    await using server = await plain((_request, reply) => reply.end(Buffer.alloc(1_000_000)))
    await using requester = new Requester()
    const origin = requester.to(server.url)
    const [first, second] = [new Heard(), new Heard()]
    const paused = origin.send(get, first)
    paused.pause()
    await first.head
    const told = second.onData.bind(second)
    second.onData = (chunk) => {
      paused.resume()
      paused.pause()
      paused.resume()
      told(chunk)
    }
    origin.send(get, second)
    assert.deepEqual([await first.end, await second.end], [undefined, undefined])
    assert.deepEqual([first.bytes, second.bytes], [1_000_000, 1_000_000])
  })

  it('tells of bytes only, however often it is paused before the next ones come', async () => {
    const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
    const begun = Promise.withResolvers<() => void>()
    await using server = await raw((socket) =>
      socket.once('data', () => {
        socket.write(`${head}5\r\nabc`)
        begun.resolve(() => socket.write('de\r\n0\r\n\r\n'))
      }),
    )
    await using requester = new Requester()
    const heard = new Heard()
    const sizes: number[] = []
    const told = heard.onData.bind(heard)
    heard.onData = (chunk) => {
      told(chunk)
      // Going on for ever would let nothing else in.
      if (sizes.push(chunk.byteLength) > 99) return
      exchange.pause()
      queueMicrotask(() => exchange.resume())
    }
    const exchange = requester.to(server.url).send(get, heard)
    const more = await begun.promise
    await eventually(() => sizes.length > 0)
    more()
    assert.equal(await heard.end, undefined)
    assert.deepEqual(sizes, [3, 2])
  })

  it('surfaces what its listener throws at the end', async () => {
    await using server = await plain((_request, reply) => reply.end())
    await using requester = new Requester()
    const thrown: unknown[] = []
    const ends = Promise.withResolvers<void>()
    const onThrown = (error: unknown) => {
      if (thrown.push(error) === 2) ends.resolve()
    }
    process.setUncaughtExceptionCaptureCallback(onThrown)
    try {
      const bug = new Error('mine')
      const fail = () => {
        throw bug
      }
      const listener = { onHead() {}, onData() {}, onEnd: fail, onFailure: fail }
      requester.to(server.url).send(get, listener)
      requester.to(server.url).send(get, listener).abort()
      await ends.promise
      assert.deepEqual(thrown, [bug, bug])
    } finally {
      process.setUncaughtExceptionCaptureCallback(null)
    }
  })

  it('ends once when it is called off by what it tells', async () => {
    await using server = await plain((_request, reply) => reply.end(Buffer.alloc(1_000_000)))
    await using requester = new Requester()
    for (const member of ['onHead', 'onData'] as const) {
      const heard = new Heard()
      heard[member] = () => exchange.abort()
      const exchange = requester.to(server.url).send(get, heard)
      assert.equal((await heard.end)?.code, 'canceled')
      assert.equal(heard.ends, 1)
    }
    await eventually(() => server.open.size === 0)
  })

  it('fails when the reply is a switch of protocols that nobody asked for', async () => {
    const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'
    await using server = await raw((socket) => socket.once('data', () => socket.write(upgrade)))
    await using requester = new Requester()
    await assert.rejects(requester.request(server.url), { code: 'internal', retry: 'if_idempotent' })
  })

  it('fails when the headers are too large', async () => {
    await using server = await raw((socket) =>
      socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(70_000)}\r\n\r\n`)),
    )
    await using requester = new Requester()
    await assert.rejects(requester.request(server.url), { code: 'internal', message: /headers .* too large/ })
  })
})
