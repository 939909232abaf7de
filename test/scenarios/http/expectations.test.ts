// Clients that ask before they send their body: they are told to go on only where the body will be read.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { everyPace } from './raw-http.ts'
import { goodBody, goodRequest, isProblem, jsonHeader, request, Victim } from './victim.ts'

let victim: Victim
before(async () => {
  victim = await Victim.start({ maxBodyBytes: 100, requestTimeoutMs: 500 })
})
beforeEach(() => victim.forget())
after(() => victim[Symbol.asyncDispose]())

const head = (line: string, ...headers: string[]) => [line, 'host: victim', ...headers, '', ''].join('\r\n')
const asks = 'expect: 100-continue'
const post = 'POST /sum HTTP/1.1'

describe('Expect: 100-continue', () => {
  for (const expects of [asks, 'Expect: 100-Continue', 'EXPECT: 100-CONTINUE', 'expect:100-continue ']) {
    for (const pace of everyPace) {
      it(`is answered before the body is sent: ${expects}, ${pace}`, async () => {
        const http = await victim.connect()
        const data = head(post, jsonHeader, 'content-length: 13', expects)
        await (pace === 'byte by byte' ? http.drip(data) : http.write(data))
        const { status, headers } = await http.reply(1)
        assert.deepEqual([status, headers.size], [100, 0])
        await http.write(goodBody)
        assert.deepEqual([(await http.reply(2)).status, http.replies.length], [200, 2])
        await victim.isWell('sum')
      })
    }
  }

  it('is answered before the chunks of a body are sent', async () => {
    const http = await victim.connect()
    await http.write(head(post, 'transfer-encoding: chunked', asks))
    assert.equal((await http.reply(1)).status, 100)
    await http.write(`d\r\n${goodBody}\r\n0\r\n\r\n${goodRequest}`)
    assert.deepEqual([(await http.reply(2)).status, (await http.reply(3)).status], [200, 200])
    await victim.isWell('sum', 'sum')
  })

  it('is answered before a stream of requests is sent', async () => {
    const http = await victim.connect()
    await http.write(head('POST /add HTTP/1.1', 'transfer-encoding: chunked', asks))
    assert.equal((await http.reply(1)).status, 100)
    await http.write('4\r\n1\n2\n\r\n0\r\n\r\n')
    assert.equal((await http.reply(2)).body, '3\n')
    await victim.isWell('add')
  })

  it('does not hinder a client that does not wait', async () => {
    const http = await victim.connect()
    await http.write(head(post, 'content-length: 13', asks) + goodBody + goodRequest)
    const last = await http.until(() => http.replies.filter(({ status }) => status === 200)[1], 'two replies')
    assert.ok(last)
    assert.ok(http.replies.every(({ status }) => status === 100 || status === 200))
    await victim.isWell('sum', 'sum')
  })

  it('is no matter without a body', async () => {
    const http = await victim.connect()
    await http.write(head('GET /cars/x HTTP/1.1', asks))
    assert.equal((await http.reply()).status, 200)
    await victim.isWell('car')
  })

  it('is no matter in HTTP/1.0, which has no interim replies', async () => {
    const http = await victim.connect()
    await http.write(head('POST /sum HTTP/1.0', 'content-length: 13', asks) + goodBody)
    assert.equal((await http.reply()).status, 200)
    await victim.isWell('sum')
  })

  for (const [name, data, status, code] of [
    ['a body over the limit', head(post, 'content-length: 101', asks), 413, 'invalid_argument'],
    ['a path that is not there', head('POST /nope HTTP/1.1', 'content-length: 13', asks), 404, 'unimplemented'],
    ['a verb that the path does not take', head('PUT /sum HTTP/1.1', 'content-length: 13', asks), 405, 'unimplemented'],
    ['a coding', head(post, 'content-length: 13', 'content-encoding: gzip', asks), 415, 'invalid_argument'],
    [
      'a page of another site',
      head(post, 'content-length: 13', 'origin: https://evil.example', asks),
      415,
      'invalid_argument',
    ],
    ['two hosts', head(post, 'host: victim', 'content-length: 13', asks), 400, 'invalid_argument'],
  ] as const) {
    for (const pace of everyPace) {
      it(`is refused at once, and the body is not asked for: ${name}, ${pace}`, async () => {
        await victim.refuses(data, { status, code, pace })
      })
    }

    it(`is refused, and the body that is sent all the same is no request: ${name}`, async () => {
      const http = await victim.connect()
      await http.write(data.replace(/content-length: \d+/, `content-length: ${goodRequest.length + 20}`) + goodRequest)
      isProblem(await http.reply(), code)
      await http.write(' '.repeat(20))
      await victim.isWell()
      assert.equal(http.replies.length, 1)
    })
  }

  it('is answered with 408 when the body does not come', async () => {
    const http = await victim.connect()
    await http.write(head(post, 'content-length: 13', asks))
    assert.deepEqual([(await http.reply(1)).status, (await http.reply(2)).status], [100, 408])
    await http.closed()
    await victim.isWell()
  })
})

describe('another expectation', () => {
  for (const expects of [
    '200-ok',
    '100-continue, 200-ok',
    '200-ok, 100-continue',
    '100',
    '100-continuex',
    'x=1',
    '1100-continue',
    'constructor',
    'x'.repeat(1_000),
  ]) {
    for (const pace of everyPace) {
      it(`cannot be met: ${expects.slice(0, 40)}, ${pace}`, async () => {
        await victim.refuses(request('POST /sum', goodBody, [`expect: ${expects}`]), {
          status: 417,
          closes: true,
          pace,
        })
      })
    }
  }

  it('cannot be met beside one that can', async () => {
    const data = request('POST /sum', goodBody, [asks, 'expect: 200-ok'])
    await victim.refuses(data, { status: 417, closes: true })
  })

  it('cannot be met in a stream of requests, and what follows does not run', async () => {
    const data = request('POST /add', '1\n', ['expect: 200-ok']) + goodRequest
    await victim.refuses(data, { status: 417, closes: true })
  })
})
