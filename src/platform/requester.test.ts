// Tests of requester.ts: what every platform must do, run over undici and over fetch with real servers.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Heard } from '../../test/platform/heard.ts'
import { encrypted, plain, raw } from '../../test/platform/http-servers.ts'
import { rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { eventually } from '../testing/eventually.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { FetchDispatch } from './fetch-dispatch.ts'
import { Requester } from './requester.ts'
import { UndiciDispatch } from './undici-dispatch.ts'

const get = { method: 'GET', path: '/', headers: [] } as const

const pieces = async function* (...texts: string[]) {
  for (const text of texts) yield new TextEncoder().encode(text)
}

async function all(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of body);
}

for (const [platform, Dispatch] of [
  ['undici', UndiciDispatch],
  ['fetch', FetchDispatch],
] as const) {
  const isUndici = platform === 'undici'

  describe(`a requester over ${platform}`, () => {
    it('sends method, path, headers and body, and tells of the reply', async () => {
      await using server = await plain(async (request, reply) => {
        const body = (await request.toArray()).join('')
        const { method, url } = request
        reply.writeHead(201, [
          ['x-list', 'a'],
          ['x-list', 'b'],
          ['set-cookie', 'c=1'],
          ['set-cookie', 'd=2'],
        ] as never)
        reply.end(
          JSON.stringify({
            method,
            url,
            own: request.headers['x-own'],
            coding: request.headers['accept-encoding'],
            body,
          }),
        )
      })
      await using requester = new Requester({}, Dispatch)
      const bodies = [
        ['hé', 'hé'],
        [new TextEncoder().encode('bytes'), 'bytes'],
        [pieces('a', 'bc'), 'abc'],
        [pieces(), ''],
        [undefined, ''],
      ] as const
      for (const [body, received] of bodies) {
        const heard = new Heard()
        requester.to(server.url).send({ method: 'POST', path: '/a?b=c%20d', headers: ['x-own', '1'], body }, heard)
        assert.equal(await heard.end, undefined)
        assert.equal(heard.status, 201)
        const { coding, ...seen } = JSON.parse(heard.text)
        assert.deepEqual(seen, { method: 'POST', url: '/a?b=c%20d', own: '1', body: received })
        assert.ok(coding === undefined || coding === 'identity')
        assert.deepEqual(
          [heard.headers?.get('x-list'), heard.headers?.get('constructor') ?? undefined],
          ['a, b', undefined],
        )
        assert.deepEqual(
          [...(heard.headers as Iterable<[string, string]>)].filter(([name]) => name === 'set-cookie'),
          [
            ['set-cookie', 'c=1'],
            ['set-cookie', 'd=2'],
          ],
        )
      }
    })

    it('follows no redirect and passes every status on', async () => {
      await using server = await plain((_request, reply) => reply.writeHead(302, { location: '/other' }).end())
      await using requester = new Requester({}, Dispatch)
      assert.equal((await requester.request(server.url)).status, 302)
    })

    it('knows an origin by all its spellings, and refuses what is none', () => {
      const requester = new Requester({}, Dispatch)
      assert.equal(requester.to('http://a.test:80'), requester.to('http://A.test/'))
      assert.equal(requester.to('http://a.test').url, 'http://a.test')
      for (const origin of [
        '',
        'a.test:80',
        'http://a.test/x',
        'http://a.test?',
        'http://u:p@a.test',
        'ftp://a.test',
        'http://',
      ]) {
        assert.throws(() => requester.to(origin), {
          name: 'TypeError',
          message: /origin must be like http:\/\/host:port/,
        })
      }
    })

    it('tells a refused connection apart, and that nothing was sent', async () => {
      const server = await raw(() => {})
      await server[Symbol.asyncDispose]()
      await using requester = new Requester({}, Dispatch)
      await assert.rejects(requester.request(`${server.url}/x`), {
        name: 'ServiceError',
        code: 'unavailable',
        retry: 'safe',
        message: `could not connect to ${server.url}: connection refused`,
      })
    })

    it('tells of a name that is not known', async () => {
      await using requester = new Requester({}, Dispatch)
      await assert.rejects(requester.request('http://nowhere.invalid/'), {
        code: 'unavailable',
        retry: 'safe',
        message: /could not connect to http:\/\/nowhere.invalid: .*(ENOTFOUND|EAI_AGAIN)/,
      })
    })

    it('tells of a certificate that it does not trust, and what to do', async () => {
      await using server = await encrypted('server', (_request, reply) => reply.end())
      await using requester = new Requester({}, Dispatch)
      await assert.rejects(requester.request(server.url), {
        code: 'unavailable',
        retry: 'safe',
        message: /no TLS connection .*tls\.ca/,
      })
    })

    it('tells of a server that does not speak TLS', async () => {
      await using server = await plain((_request, reply) => reply.end())
      await using requester = new Requester({}, Dispatch)
      await assert.rejects(requester.request(server.url.replace('http', 'https')), {
        code: 'unavailable',
        retry: 'safe',
        message: /speaks https/,
      })
    })

    it('says that a request may have run when the connection was lost before the reply', async () => {
      for (const lose of [(socket: Socket) => socket.resetAndDestroy(), (socket: Socket) => socket.end()]) {
        await using server = await raw((socket) => socket.once('data', () => lose(socket)))
        await using requester = new Requester({}, Dispatch)
        const failure = requester.request(server.url, { method: 'POST', body: 'x' })
        await assert.rejects(failure, { code: 'unavailable', retry: 'if_idempotent' })
      }
    })

    it('tells of a reply that broke off, whatever its framing', async () => {
      const heads = [
        'content-length: 9',
        'transfer-encoding: chunked',
        'content-length: 9\r\nconnection: close',
        'transfer-encoding: chunked\r\nconnection: close',
      ]
      for (const head of heads) {
        await using server = await raw((socket) =>
          socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n5\r\nabc`)),
        )
        await using requester = new Requester({}, Dispatch)
        await assert.rejects(requester.request(server.url), {
          code: 'unavailable',
          retry: 'if_idempotent',
          message: /broke off/,
        })
      }
    })

    it('tells of a reply that is not HTTP', async () => {
      await using server = await raw((socket) => socket.once('data', () => socket.end('220 smtp ready\r\n')))
      await using requester = new Requester({}, Dispatch)
      await assert.rejects(requester.request(server.url), {
        code: 'internal',
        retry: 'if_idempotent',
        message: /not HTTP/,
      })
    })

    it('tells of a request that cannot be sent, after send has returned, and goes on', async () => {
      await using server = await plain((_request, reply) => reply.end('ok'))
      await using requester = new Requester(isUndici ? { maxConnections: 1 } : {}, Dispatch)
      const origin = requester.to(server.url)
      const wrong = [
        { ...get, headers: ['x-y', 'a\nb'] },
        { ...get, headers: ['bad name', 'a'] },
        { ...get, method: 'NO METHOD' },
      ]
      for (const request of [...wrong, ...wrong]) {
        const heard = new Heard()
        origin.send(request, heard)
        assert.equal(heard.ends, 0)
        const error = await heard.end
        assert.deepEqual([error?.code, error?.retry], ['internal', 'never'])
        assert.match(error?.message ?? '', isUndici ? /cannot be sent/ : /./)
        assert.equal((await requester.request(server.url)).status, 200)
      }
    })

    it('tells of a body that fails with its own error', async () => {
      await using server = await plain((request) => request.resume())
      await using requester = new Requester({}, Dispatch)
      const own = new ServiceError('data_loss', 'mine')
      for (const [thrown, code] of [
        [new Error('disk'), 'internal'],
        [own, 'data_loss'],
      ] as const) {
        const body = (async function* () {
          yield new Uint8Array(10)
          throw thrown
        })()
        await assert.rejects(requester.request(server.url, { method: 'POST', body }), { code, retry: 'never' })
      }
    })

    it('refuses a reply that is larger than allowed', async () => {
      await using server = await plain((_request, reply) => reply.end('x'.repeat(100)))
      await using requester = new Requester({ maxReplyBytes: 100 }, Dispatch)
      assert.equal((await requester.request(server.url)).body.byteLength, 100)
      const large = requester.request(server.url, { maxReplyBytes: 99 })
      await assert.rejects(large, { code: 'internal', retry: 'never', message: /larger than 99 bytes/ })
      const { body } = await requester.open(server.url, { maxReplyBytes: 99 })
      await assert.rejects(all(body), { message: /larger than 99 bytes/ })
      await assert.rejects(requester.request(server.url, { maxReplyBytes: -1 }), { name: 'RangeError' })
    })

    it('gives up on the headers of a reply in time, and on nothing else', async () => {
      const clock = manualClock()
      await using server = await plain((request, reply) => {
        if (request.url === '/slow') return
        reply.writeHead(200).write('a')
        reply.once('close', () => {})
        request.socket.once('end', () => reply.end())
        finish = () => reply.end('b')
      })
      let finish = () => {}
      await using requester = new Requester({ clock, headersTimeoutMs: 100 }, Dispatch)
      const slow = new Heard()
      requester.to(server.url).send({ ...get, path: '/slow' }, slow)
      await eventually(() => server.open.size === 1)
      await clock.advance(99)
      assert.equal(slow.ends, 0)
      await clock.advance(1)
      const error = await slow.end
      assert.deepEqual([error?.code, error?.retry === 'never'], ['deadline_exceeded', false])
      const long = new Heard()
      requester.to(server.url).send({ ...get, headersTimeoutMs: 200 }, long)
      await long.head
      await clock.advance(1_000)
      finish()
      assert.equal(await long.end, undefined)
      assert.equal(long.text, 'ab')
      assert.equal(clock.nextAt > 2_000, true)
    })

    it('is called off while it connects, waits or reads, once and at once', async () => {
      await using server = await plain((request, reply) => {
        if (request.url === '/body') reply.write('a')
      })
      await using requester = new Requester({}, Dispatch)
      const origin = requester.to(server.url)
      const reasons = [
        [undefined, 'canceled'],
        [new ServiceError('aborted', 'mine'), 'aborted'],
        [new DOMException('', 'TimeoutError'), 'deadline_exceeded'],
      ] as const
      for (const [reason, code] of reasons) {
        for (const stage of ['connect', 'wait', 'body']) {
          const heard = new Heard()
          const exchange = origin.send({ ...get, path: `/${stage}` }, heard)
          const before = server.open.size
          if (stage === 'wait') await eventually(() => server.open.size >= Math.min(before, 1))
          if (stage === 'body') await heard.head
          exchange.abort(reason)
          assert.equal(heard.ends, 1)
          exchange.abort()
          exchange.pause()
          exchange.resume()
          assert.equal((await heard.end)?.code, code)
          assert.equal(heard.ends, 1)
        }
      }
      if (isUndici) await eventually(() => server.open.size <= 1)
    })

    it('stops reading while it is paused', async () => {
      const chunk = Buffer.alloc(65_536)
      const large = 64 * 1024 * 1024
      let written = 0
      await using server = await plain((request, reply) => {
        if (request.url === '/other') {
          reply.end()
          return
        }
        const write = () => {
          for (; written < large; written += chunk.length) if (!reply.write(chunk)) return
          reply.end()
        }
        reply.on('drain', () => {
          written += chunk.length
          write()
        })
        write()
      })
      await using requester = new Requester({}, Dispatch)
      const heard = new Heard()
      const exchange = requester.to(server.url).send(get, heard)
      exchange.pause()
      await heard.head
      // Time enough for all of it to come, if it were read.
      for (let n = 0; n < 100; n++) await requester.request(`${server.url}/other`)
      assert.ok(written < large, `${written} bytes were taken`)
      assert.ok(heard.bytes <= 2 * chunk.length, `${heard.bytes} bytes were told`)
      exchange.resume()
      assert.equal(await heard.end, undefined)
      assert.equal(heard.bytes, large)
    })

    it('gives a stream no faster than it is read, and ends the exchange when its reader leaves', async () => {
      const left = Promise.withResolvers<void>()
      await using server = await plain((_request, reply) => {
        const write = () => {
          while (reply.write('line '.repeat(1_000)));
        }
        reply.on('drain', write).on('close', () => left.resolve())
        write()
      })
      await using requester = new Requester({}, Dispatch)
      const { status, body } = await requester.open(server.url)
      assert.equal(status, 200)
      let chunks = 0
      for await (const chunk of body) {
        assert.ok(chunk.byteLength > 0)
        if (++chunks === 5) break
      }
      await left.promise
    })

    it('ends with its context: before, while waiting and while reading', async () => {
      await using server = await plain((request, reply) => {
        if (request.url === '/body') reply.write('a')
      })
      await using requester = new Requester({}, Dispatch)
      const clock = manualClock()
      using gone = rootContext({ clock, deadlineAt: 0 })
      await assert.rejects(requester.request(server.url, { ctx: gone }), { code: 'deadline_exceeded' })
      await assert.rejects(requester.open(server.url, { ctx: gone }), { code: 'deadline_exceeded' })
      assert.equal(server.accepted, 0)
      using ctx = rootContext({ clock, deadlineAt: 100 })
      const { body } = await requester.open(`${server.url}/body`, { ctx })
      const ends = [requester.request(server.url, { ctx }), all(body)].map((end) =>
        assert.rejects(end, { code: 'deadline_exceeded' }),
      )
      await clock.advance(100)
      await Promise.all(ends)
      using caller = rootContext().withCancel()
      const called = requester.open(server.url, { ctx: caller })
      caller.cancel()
      await assert.rejects(called, { code: 'canceled' })
      assert.equal(clock.pending, 0)
    })

    it('fails what runs and what is begun later with canceled once it is closed', async () => {
      await using server = await plain((request, reply) => {
        if (request.url === '/body') reply.write('a')
      })
      const requester = new Requester({}, Dispatch)
      const origin = requester.to(server.url)
      const [waiting, reading, late] = [new Heard(), new Heard(), new Heard()]
      origin.send(get, waiting)
      origin.send({ ...get, path: '/body' }, reading)
      await reading.head
      const closed = requester.close()
      assert.equal(requester.close(), closed)
      await closed
      origin.send(get, late)
      assert.equal(late.ends, 0)
      for (const heard of [waiting, reading, late]) {
        const error = await heard.end
        assert.deepEqual([error?.code, error?.message], ['canceled', 'the client was closed'])
        assert.equal(heard.ends, 1)
      }
      await assert.rejects(requester.request(server.url), { code: 'canceled', message: 'the client was closed' })
      await assert.rejects(requester.request('http://other.test'), {
        code: 'canceled',
        message: 'the client was closed',
      })
      if (isUndici) await eventually(() => server.open.size === 0)
    })

    it('fails an exchange whose listener throws, and no other', async () => {
      await using server = await plain((_request, reply) => reply.end('x'))
      await using requester = new Requester({}, Dispatch)
      const bug = new Error('bug')
      for (const member of ['onHead', 'onData'] as const) {
        const heard = new Heard()
        heard[member] = () => {
          throw bug
        }
        requester.to(server.url).send(get, heard)
        const error = await heard.end
        assert.deepEqual([error?.code, error?.cause], ['internal', bug])
      }
      assert.equal((await requester.request(server.url)).status, 200)
    })

    it('refuses a URL that is none', async () => {
      await using requester = new Requester({}, Dispatch)
      for (const url of ['/path', 'ftp://a.test/']) await assert.rejects(requester.request(url), TypeError)
    })
  })
}

describe('a requester', () => {
  it('uses undici on Node, and forgets origins that nobody holds', async () => {
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    await using requester = new Requester({ maxConnections: 1 })
    const held = requester.to('http://held.test')
    const dropped = new WeakRef(requester.to('http://dropped.test'))
    await eventually(() => {
      collect()
      return dropped.deref() === undefined
    })
    assert.equal(requester.to('http://held.test'), held)
  })

  it('is found by every runtime', async () => {
    const { imports } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
    const [fetches, undici] = ['./src/platform/fetch-dispatch.ts', './src/platform/undici-dispatch.ts']
    // Bun and Deno say `node` too, so their own names come first.
    assert.deepEqual(Object.entries(imports['#http-dispatch']), [
      ['bun', fetches],
      ['deno', fetches],
      ['workerd', fetches],
      ['browser', fetches],
      ['node', undici],
      ['default', fetches],
    ])
  })
})
