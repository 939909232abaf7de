// Several requests on their way at once on one connection: answered in order, and never one for another.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { everyPace } from './raw-http.ts'
import { goodBody, goodRequest, isProblem, jsonHeader, request, Victim } from './victim.ts'

const broken = 'POST /sum HTTP/1.1\r\nhost: victim\r\ncontent-length: 13\r\ncontent-length: 14\r\n\r\n'
const chunkedHead = 'POST /sum HTTP/1.1\r\nhost: victim\r\ntransfer-encoding: chunked\r\n\r\n'
const statuses = (replies: readonly { status: number }[]) => replies.map(({ status }) => status)

describe('pipelined requests', () => {
  for (const pace of everyPace) {
    it(`are answered in order, whoever is ready first, ${pace}`, async () => {
      const first = Promise.withResolvers<string>()
      const echo = (message: unknown) => (message === 1 ? first.promise : message)
      await using victim = await Victim.start({}, { echo })
      const http = await victim.connect()
      const data = [1, 2, 3].map((n) => request('POST /echo', String(n))).join('') + request('GET /cars/4')
      await (pace === 'byte by byte' ? http.drip(data) : http.write(data))
      await http.until(() => victim.calls.length === 4, 'four calls').catch(() => {})
      assert.deepEqual(http.replies, [])
      first.resolve('late')
      await http.reply(4)
      assert.deepEqual(
        http.replies.map(({ body }) => body),
        ['"late"\n', '2\n', '3\n', '{"id":"4","doors":3}\n'],
      )
      await victim.isWell('echo', 'echo', 'echo', 'car')
    })
  }

  it('are answered in order when there are a thousand', async () => {
    await using victim = await Victim.start()
    const http = await victim.connect()
    await http.write(Array.from({ length: 1_000 }, (_, n) => request('POST /echo', String(n))).join(''))
    await http.reply(1_000)
    assert.deepEqual(
      http.replies.map(({ body }) => Number(body)),
      Array.from({ length: 1_000 }, (_, n) => n),
    )
    await victim.isWell(...new Array(1_000).fill('echo'))
  })

  it('are answered in order when some of them are refused', async () => {
    await using victim = await Victim.start()
    const http = await victim.connect()
    const refused = [
      request('POST /nope', goodRequest),
      request('POST /sum', '{'),
      request('PUT /sum'),
      request('GET /cars/%'),
    ]
    await http.write(refused.map((one) => goodRequest + one).join('') + goodRequest)
    await http.reply(9)
    assert.deepEqual(statuses(http.replies), [200, 404, 200, 400, 200, 405, 200, 400, 200])
    await victim.isWell(...new Array(5).fill('sum'))
  })

  it('are answered in order behind a stream', async () => {
    await using victim = await Victim.start()
    const http = await victim.connect()
    await http.write(request('GET /count/3') + goodRequest)
    assert.equal((await http.reply(1)).body, '{"n":1}\n{"n":2}\n{"n":3}\n')
    assert.equal((await http.reply(2)).body, '{"total":3}\n')
    await victim.isWell('count', 'sum')
  })
})

describe('a broken request behind a good one', () => {
  for (const pace of everyPace) {
    it(`does not take the reply from it, ${pace}`, async () => {
      await using victim = await Victim.start()
      const http = await victim.connect()
      const data = goodRequest + broken + goodRequest
      await (pace === 'byte by byte' ? http.drip(data) : http.write(data))
      const replies = await http.closed()
      assert.equal(replies[0]?.status, 200)
      assert.ok(replies.length <= 2)
      if (replies[1] !== undefined) isProblem(replies[1], 'invalid_argument')
      await victim.isWell('sum')
    })
  }

  it('is not taken for its reply while that is being made', async () => {
    const answer = Promise.withResolvers<string>()
    await using victim = await Victim.start({}, { echo: () => answer.promise })
    const http = await victim.connect()
    await http.write(request('POST /echo', '1') + broken)
    // The broken one was read once a stranger is served.
    await victim.isWell('echo')
    answer.resolve('late')
    const [first] = await http.closed()
    assert.deepEqual([first?.status, first?.body], [200, '"late"\n'])
  })

  it('is answered when the good one has its reply', async () => {
    await using victim = await Victim.start()
    const http = await victim.connect()
    await http.write(goodRequest)
    await http.reply()
    await http.write(broken + goodRequest)
    assert.deepEqual(statuses(await http.closed()), [200, 400])
    isProblem(http.replies[1] ?? assert.fail(), 'invalid_argument')
    await victim.isWell('sum')
  })
})

describe('what comes behind a reply that closes the connection', () => {
  const large = ' '.repeat(2_000)
  for (const [name, data, status] of [
    ['a body over the limit', request('POST /sum', large), 413],
    ['a body over the limit in chunks', `${chunkedHead}7d0\r\n${large}\r\n0\r\n\r\n`, 413],
    ['a body over the limit that holds a request', request('POST /sum', large + goodRequest), 413],
    ['an expectation that cannot be met', request('POST /sum', goodBody, ['expect: miracles']), 417],
    ['two hosts', request('POST /sum', goodBody, ['host: victim']), 400],
    ['a URL that is too long', request(`POST /${'x'.repeat(600)}`, goodBody), 414],
    [
      'headers that are too many',
      request(
        'POST /sum',
        goodBody,
        Array.from({ length: 30 }, (_, i) => `x-${i}: 1`),
      ),
      [400, 431],
    ],
    ['a broken request', broken, 400],
  ] as const) {
    for (const pace of everyPace) {
      it(`does not run: ${name}, ${pace}`, async () => {
        await using victim = await Victim.start({ maxBodyBytes: 1_000, maxUrlChars: 500, maxHeaders: 20 })
        await victim.refuses(data + goodRequest + goodRequest, { status, closes: true, pace })
      })
    }
  }

  for (const pace of everyPace) {
    it(`does not run when the client itself asked to close, ${pace}`, async () => {
      await using victim = await Victim.start()
      const http = await victim.connect()
      const data = request('POST /sum', goodBody, [jsonHeader, 'connection: close']) + goodRequest
      await (pace === 'byte by byte' ? http.drip(data) : http.write(data))
      assert.deepEqual(statuses(await http.closed()), [200])
      await victim.isWell('sum')
    })
  }
})

describe('a body that looks like requests', () => {
  for (const [name, data, status, calls] of [
    ['of a call', request('POST /echo', JSON.stringify(goodRequest)), 200, ['echo']],
    ['that is no JSON', request('POST /sum', goodRequest), 400, []],
    [
      'of a route that reads none',
      `GET /cars/x HTTP/1.1\r\nhost: v\r\ncontent-length: ${goodRequest.length}\r\n\r\n${goodRequest}`,
      200,
      ['car'],
    ],
    ['of a path that is not there', request('POST /nope', goodRequest), 404, []],
    ['of a verb that the path does not take', request('PATCH /sum', goodRequest), 405, []],
    ['in another coding', request('POST /sum', goodRequest, ['content-encoding: gzip']), 415, []],
  ] as const) {
    for (const pace of everyPace) {
      it(`is none of them: ${name}, ${pace}`, async () => {
        await using victim = await Victim.start()
        const http = await victim.connect()
        await (pace === 'byte by byte' ? http.drip(data + goodRequest) : http.write(data + goodRequest))
        await http.reply(2)
        assert.deepEqual(statuses(http.replies), [status, 200])
        await victim.isWell(...calls, 'sum')
      })
    }
  }
})
