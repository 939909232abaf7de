// Clients that take their time: headers, bodies and idle connections have limits, streams in either direction have others.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Context } from 'servicekit'
import { eventually } from 'servicekit/testing/eventually'
import type { RawHttp } from './raw-http.ts'
import { goodBody, goodRequest, isProblem, jsonHeader, request, Victim } from './victim.ts'

const limits = { headersTimeoutMs: 100, requestTimeoutMs: 100, keepAliveMs: 50 }
/** Longer than all of them together with the second that Node adds to an idle connection. */
const longMs = 1_600

/** Sends a piece again and again until the connection is closed, or for a while. */
function trickle(http: RawHttp, piece: string, forMs = Infinity): Promise<void> {
  const until = performance.now() + forMs
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (!http.over && performance.now() < until) void http.write(piece)
      else {
        clearInterval(timer)
        resolve()
      }
    }, 10)
  })
}

const head = (path: string, ...headers: string[]) =>
  [`POST ${path} HTTP/1.1`, 'host: victim', jsonHeader, ...headers, '', ''].join('\r\n')

describe('headers that do not come', { concurrency: true }, () => {
  for (const [name, start] of Object.entries({
    'not a byte': '',
    'an empty line': '\r\n',
    'half a verb': 'PO',
    'the first line': 'POST /sum HTTP/1.1\r\n',
    'half a header': 'POST /sum HTTP/1.1\r\nhost: vic',
    'all but the last line': `POST /sum HTTP/1.1\r\nhost: victim\r\n`,
  })) {
    it(`are answered with 408 and the connection closes: ${name}`, async () => {
      await using victim = await Victim.start(limits)
      await victim.refuses(start, { status: 408, code: 'deadline_exceeded', closes: true })
    })

    it(`are answered with 408 in a later request: ${name}`, async () => {
      await using victim = await Victim.start(limits)
      const http = await victim.connect()
      await http.write(goodRequest)
      assert.equal((await http.reply()).status, 200)
      await http.write(start)
      const [, late, ...more] = await http.closed()
      // A connection on which nothing has begun is idle, and closes in silence.
      if (late !== undefined) assert.equal(late.status, 408)
      else assert.ok(start.trim() === '', 'closed without a word')
      assert.deepEqual(more, [])
      await victim.isWell('sum')
    })
  }

  for (const [name, start, piece] of [
    ['letters of a verb', '', 'P'],
    ['empty lines before the first', '', '\r\n'],
    ['a value', 'POST /sum HTTP/1.1\r\nx: ', 'x'],
    ['headers', 'POST /sum HTTP/1.1\r\n', 'x: y\r\n'],
  ] as const) {
    it(`close the connection, however busy it is: ${name}`, async () => {
      await using victim = await Victim.start(limits)
      const http = await victim.connect()
      await http.write(start)
      await trickle(http, piece, 3_000)
      assert.ok(http.over, 'the connection is kept')
      for (const reply of await http.closed()) assert.ok([400, 408].includes(reply.status), String(reply.status))
      await victim.isWell()
    })
  }

  it('close the connection, however many empty lines come between requests', async () => {
    await using victim = await Victim.start(limits)
    const http = await victim.connect()
    await http.write(goodRequest)
    await http.reply()
    await trickle(http, '\r\n', 3_000)
    assert.ok(http.over, 'the connection is kept')
    await victim.isWell('sum')
  })
})

describe('a body that does not come', { concurrency: true }, () => {
  for (const [name, start, piece] of [
    ['not a byte of it', head('/sum', 'content-length: 13'), ''],
    ['half of it', head('/sum', 'content-length: 13') + goodBody.slice(0, 5), ''],
    ['a byte now and then', head('/sum', 'content-length: 1000'), ' '],
    ['not a chunk of it', head('/sum', 'transfer-encoding: chunked'), ''],
    ['half a chunk', `${head('/sum', 'transfer-encoding: chunked')}d\r\n{"a"`, ''],
    ['a chunk now and then', head('/sum', 'transfer-encoding: chunked'), '1\r\n \r\n'],
    ['all chunks but the last', `${head('/sum', 'transfer-encoding: chunked')}d\r\n${goodBody}\r\n`, ''],
    [
      'all but the end of its trailers',
      `${head('/sum', 'transfer-encoding: chunked')}d\r\n${goodBody}\r\n0\r\nx: y\r\n`,
      '',
    ],
    ['zeros of a size', head('/sum', 'transfer-encoding: chunked'), '0'],
    ['extensions now and then', `${head('/sum', 'transfer-encoding: chunked')}1;`, 'x'],
  ] as const) {
    it(`is answered with 408 and the connection closes: ${name}`, async () => {
      await using victim = await Victim.start(limits)
      const http = await victim.connect()
      await http.write(start)
      await trickle(http, piece, 1_000)
      assert.ok(http.over, 'the connection is kept')
      const [reply = assert.fail('closed without a word'), ...more] = await http.closed()
      assert.equal(reply.status, 408)
      isProblem(reply, 'deadline_exceeded')
      assert.deepEqual(more, [])
      await victim.isWell()
    })
  }

  for (const [name, line, status] of [
    ['on a route that takes none', 'GET /cars/x', 200],
    ['on a path that is not there', 'POST /nope', 404],
    ['with a verb that the path does not take', 'PUT /sum', 405],
  ] as const) {
    it(`is not waited for with the reply, and the connection is not kept for it: ${name}`, async () => {
      await using victim = await Victim.start(limits)
      const http = await victim.connect()
      await http.write(`${line} HTTP/1.1\r\nhost: victim\r\ncontent-length: 100000\r\n\r\n`)
      assert.equal((await http.reply()).status, status)
      await trickle(http, 'x', 3_000)
      assert.ok(http.over, 'the connection is kept')
      await victim.isWell(...(status === 200 ? ['car'] : []))
    })
  }

  it('is not waited for behind the failure of a stream, and the connection is not kept for it', async () => {
    await using victim = await Victim.start(limits)
    const http = await victim.connect()
    await http.write(`${head('/add', 'transfer-encoding: chunked')}3\r\nno\n\r\n`)
    assert.equal((await http.reply()).status, 400)
    await trickle(http, '2\r\n1\n\r\n', 3_000)
    assert.ok(http.over, 'the connection is kept')
    await victim.isWell('add')
  })
})

describe('an idle connection', { concurrency: true }, () => {
  it('closes after its time', async () => {
    await using victim = await Victim.start({ ...limits, headersTimeoutMs: 10_000 })
    const http = await victim.connect()
    await http.write(goodRequest)
    assert.deepEqual((await http.closed()).length, 1)
    assert.equal(http.failure, undefined)
    await victim.isWell('sum')
  })

  it('closes after its time when nothing was ever sent on it', async () => {
    await using victim = await Victim.start(limits)
    const http = await victim.connect()
    await http.closed()
    await victim.isWell()
  })
})

describe('what lasts longer than these limits', { concurrency: true }, () => {
  it('lives when it is a stream of responses', async () => {
    async function* count(_: { to: number }, ctx: Context) {
      for (let n = 1; n <= 8; n++) {
        await ctx.clock.sleep(longMs / 8, ctx)
        yield { n }
      }
    }
    await using victim = await Victim.start(limits, { count })
    const http = await victim.connect()
    await http.write(request('GET /count/8'))
    const { body } = await http.reply()
    assert.equal(body, [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `{"n":${n}}\n`).join(''))
    await victim.isWell('count')
  })

  it('lives when it is a stream of requests', async () => {
    await using victim = await Victim.start(limits)
    const http = await victim.connect()
    await http.write(head('/add', 'transfer-encoding: chunked'))
    await trickle(http, '2\r\n1\n\r\n', longMs)
    await http.write('0\r\n\r\n')
    const { status, body } = await http.reply()
    assert.equal(status, 200)
    assert.ok(Number(body) > 10)
    await victim.isWell('add')
  })

  it('lives when it is a handler', async () => {
    const echo = (_: unknown, ctx: Context) => ctx.clock.sleep(longMs, ctx).then(() => 'late')
    await using victim = await Victim.start(limits, { echo })
    const http = await victim.connect()
    await http.write(request('POST /echo', '1'))
    assert.equal((await http.reply()).body, '"late"\n')
    await victim.isWell('echo')
  })
})

describe('a client that does not read', { concurrency: true }, () => {
  it('stops the stream that it does not read, and its call ends', async () => {
    let [sent, aborted] = [0, false]
    async function* count(_: { to: number }, ctx: Context) {
      ctx.onAbort(() => {
        aborted = true
      })
      for (;;) {
        sent++
        yield { n: 1, text: 'x'.repeat(100_000) }
      }
    }
    await using victim = await Victim.start({ ...limits, streamLimits: { betweenMs: 200 } }, { count })
    const http = await victim.connect()
    http.socket.pause()
    await http.write(request('GET /count/1'))
    await eventually(() => aborted)
    assert.ok(sent < 200, `${sent} messages were made`)
    assert.equal(victim.server.stats.inFlight, 0)
    await victim.isWell('count')
  })

  it('does not keep its connection once the call has ended', async () => {
    const ended = Promise.withResolvers<void>()
    async function* count(_: { to: number }, ctx: Context) {
      ctx.onAbort(() => ended.resolve())
      for (;;) yield { n: 1, text: 'x'.repeat(100_000) }
    }
    await using victim = await Victim.start({ ...limits, drainMs: 20_000, streamLimits: { betweenMs: 200 } }, { count })
    const http = await victim.connect()
    http.socket.pause()
    await http.write(request('GET /count/1'))
    await ended.promise
    let isClosed = false
    void victim.server.close().then(() => {
      isClosed = true
    })
    await eventually(() => isClosed, 3_000).finally(() => http.socket.destroy())
  })
})
