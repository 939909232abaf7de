// Tests of call.ts: one URL of a server that is not ours, with its own encoding, its hooks, and its errors.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { contextKey } from '../../core/context-key.ts'
import { ServiceError } from '../../core/errors.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recordCalls, recorder } from '../../testing/recorder.ts'
import { type HttpCallOptions, httpCall } from './call.ts'
import type { HttpCallEnd } from './http-call-end.ts'
import type { HttpReply } from './http-reply.ts'

const user = contextKey('user', { scope: 'request', fallback: 'nobody' })

/** A server that we did not write. */
async function foreign(answer: RequestListener): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.asyncDispose]: close }
}

async function mirror() {
  return await foreign(async (request, response) => {
    const { method, url, headers } = request
    const body = await text(request)
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ method, url, headers, body }))
  })
}

type Mirrored = { method: string; url: string; headers: Record<string, string>; body: string }
const numbers = (end: HttpCallEnd) => [end.code, end.status, end.requestBytes, end.responseBytes]
const pieces = async function* (...texts: string[]) {
  for (const text of texts) yield new TextEncoder().encode(text)
}

describe('httpCall', () => {
  it('refuses options out of range, and names them', () => {
    const wrong: readonly (readonly [Partial<HttpCallOptions<unknown, unknown>>, RegExp])[] = [
      [{ method: 'get' }, /^method/],
      [{ url: 'x' }, /^url/],
      [{ url: 'ftp://a/b' }, /^url/],
      [{ url: 'http://u:p@a/b' }, /^url/],
      [{ reply: 'some' as 'whole' }, /^reply/],
      [{ timeoutMs: 0 }, /^timeoutMs/],
      [{ maxReplyBytes: 0 }, /^maxReplyBytes/],
      [{ maxConnections: 0 }, /^maxConnections/],
      [{ name: 'one' }, /^name/],
    ]
    for (const [options, message] of wrong) {
      const all = { method: 'GET', url: 'http://a/b', ...options }
      assert.throws(() => httpCall(all), { message }, JSON.stringify(options))
    }
  })

  it('sends JSON and reads JSON unless told otherwise', async () => {
    await using server = await mirror()
    await using call = httpCall<unknown, Mirrored>({ method: 'POST', url: `${server.url}/a?b=1` })
    const { method, url, headers, body } = await call({ a: 'é' })
    assert.deepEqual([method, url, headers['content-type'], body], ['POST', '/a?b=1', 'application/json', '{"a":"é"}'])
    const empty = await call(undefined)
    assert.deepEqual([empty.body, empty.headers['content-type']], ['', undefined])
    await assert.rejects(call(1n), { code: 'invalid_argument' })
  })

  it('sends path, query, headers and body as encode says, for every verb', async () => {
    await using server = await mirror()
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      await using call = httpCall<string, Mirrored>({
        method,
        url: `${server.url}/a`,
        encode: (id) => ({
          path: `/${id}?q=1`,
          headers: { 'X-Own': 'own' },
          body: method === 'GET' ? undefined : 'hé',
        }),
      })
      const sent = await call('7')
      assert.deepEqual([sent.method, sent.url, sent.headers['x-own']], [method, '/a/7?q=1', 'own'])
      assert.equal(sent.body, method === 'GET' ? '' : 'hé')
    }
  })

  it('sends bytes and streams, and gives text and bytes', async () => {
    const bytes = Uint8Array.of(0, 255, 10)
    await using server = await foreign((request, response) => void request.pipe(response))
    const common = { method: 'POST', url: server.url }
    await using raw = httpCall<Uint8Array, Uint8Array>({
      ...common,
      encode: (body) => ({ body }),
      decode: (reply) => reply.body,
    })
    assert.deepEqual(new Uint8Array(await raw(bytes)), bytes)
    await using streaming = httpCall<string[], string>({
      ...common,
      encode: (texts) => ({ body: pieces(...texts) }),
      decode: (reply) => reply.text(),
    })
    assert.equal(await streaming(['é', 'b']), 'éb')
  })

  it('gives a reply as a stream, and closes the exchange when its reader leaves', async () => {
    const gone = Promise.withResolvers<void>()
    await using server = await foreign((_, response) => {
      response.on('close', gone.resolve)
      response.write('one')
    })
    const ended = recorder<HttpCallEnd>()
    await using call = httpCall<void, AsyncIterable<Uint8Array>>({
      method: 'GET',
      url: server.url,
      reply: 'stream',
      finally: [ended],
    })
    for await (const piece of await call()) {
      assert.equal(new TextDecoder().decode(piece), 'one')
      assert.equal(ended.events.length, 0)
      break
    }
    await gone.promise
    assert.deepEqual(
      ended.events.map(({ status, responseBytes }) => [status, responseBytes]),
      [[200, 3]],
    )
  })

  it('runs before, encode, after, decode and finally in this order, under the context of the call', async () => {
    await using server = await foreign((request, response) => {
      request.resume()
      response.setHeader('x-who', request.headers['x-user'] ?? '').end('"é"')
    })
    const steps: string[] = []
    const ended = recorder<HttpCallEnd>()
    await using call = httpCall<string, unknown>({
      method: 'POST',
      url: server.url,
      before: [
        (ctx, outgoing) => {
          steps.push('before')
          outgoing.setHeader('x-user', 'ann')
          return ctx.with(user, 'ann')
        },
      ],
      encode: (body, ctx) => {
        steps.push(`encode for ${ctx.get(user)}`)
        return { body }
      },
      after: [(ctx, headers) => steps.push(`after ${headers.get('x-who')} for ${ctx.get(user)}`)],
      decode: (reply, ctx) => {
        steps.push(`decode ${reply.status} for ${ctx.get(user)}`)
        return reply.json()
      },
      finally: [ended, () => steps.push('finally')],
    })
    assert.equal(await call('12345'), 'é')
    assert.deepEqual(steps, ['before', 'encode for ann', 'after ann for ann', 'decode 200 for ann', 'finally'])
    assert.deepEqual(ended.events.map(numbers), [['ok', 200, 5, 4]])
    assert.equal(ended.events[0]?.ctx.get(user), 'ann')
  })

  it('looks at the status, and has decodeError read what is no good reply', async () => {
    await using server = await foreign((_, response) => {
      response.writeHead(422, { 'content-type': 'application/json', 'retry-after': '2' }).end('{"err":"bad"}')
    })
    const ended = recorder<HttpCallEnd>()
    const decodeError = (reply: HttpReply) =>
      new ServiceError('out_of_range', `${reply.status} ${(reply.json() as { err: string }).err}`)
    const common = { method: 'GET', url: server.url, finally: [ended] }
    await using own = httpCall({ ...common, decodeError, decode: () => assert.fail('decoded an error') })
    await assert.rejects(own(undefined), { code: 'out_of_range', message: '422 bad' })
    await using plain = httpCall(common)
    await assert.rejects(plain(undefined), { code: 'invalid_argument', retryAfterMs: 2_000 })
    const [first, second] = ended.events.map(numbers)
    assert.deepEqual(first, ['out_of_range', 422, 0, 13])
    assert.deepEqual(second, ['invalid_argument', 422, 0, 13])
  })

  it('fails, and goes on working, when encode, decode or decodeError throws', async () => {
    await using server = await foreign((request, response) => {
      response.writeHead(request.url === '/bad' ? 500 : 200).end('{}')
    })
    const throwing = (): never => {
      throw new Error('mine')
    }
    const ended = recorder<HttpCallEnd>()
    for (const options of [{ encode: throwing }, { decode: throwing }, { decodeError: throwing, url: '/bad' }]) {
      const { url = '/', ...rest } = options as { url?: string }
      await using call = httpCall({ method: 'GET', finally: [ended], ...rest, url: `${server.url}${url}` })
      await assert.rejects(call(undefined, { timeoutMs: 2_000 }), { code: 'internal' })
    }
    assert.equal(ended.events.length, 3)
  })

  it('runs finally once for a call that is refused, called off, or late', async () => {
    const clock = manualClock()
    let came = Promise.withResolvers<void>()
    await using server = await foreign(() => came.resolve())
    const ended = recorder<HttpCallEnd>()
    await using call = httpCall({ method: 'GET', url: server.url, clock, finally: [ended], timeoutMs: 100 })
    const late = assert.rejects(call(undefined), { code: 'deadline_exceeded' })
    await came.promise
    await clock.advance(100)
    await late
    came = Promise.withResolvers()
    const caller = new AbortController()
    const off = assert.rejects(call(undefined, { signal: caller.signal }), { code: 'canceled' })
    await came.promise
    caller.abort()
    await off
    await using nowhere = httpCall({ method: 'GET', url: 'http://127.0.0.1:1/', finally: [ended] })
    await assert.rejects(nowhere(undefined), { code: 'unavailable', retry: 'safe' })
    assert.deepEqual(ended.events.map(numbers), [
      ['deadline_exceeded', 0, 0, 0],
      ['canceled', 0, 0, 0],
      ['unavailable', 0, 0, 0],
    ])
    assert.equal(clock.pending, 0)
  })

  it('is known by host and route, or by its name, and is idempotent as its verb is', async () => {
    await using server = await mirror()
    const recorded = recordCalls()
    const { host } = new URL(server.url)
    for (const [method, options, name, idempotent] of [
      ['GET', {}, `${host}/GET /a`, true],
      ['DELETE', { name: 'legacy/drop' }, 'legacy/drop', true],
      ['POST', {}, `${host}/POST /a`, false],
      ['PATCH', {}, `${host}/PATCH /a`, false],
      ['POST', { idempotent: true }, `${host}/POST /a`, true],
    ] as const) {
      await using call = httpCall({ method, url: `${server.url}/a`, use: [recorded], ...options })
      await call(undefined)
      const { ctx } = recorded.calls.at(-1) ?? assert.fail('nothing was recorded')
      assert.deepEqual([ctx.method.fullName, ctx.method.idempotent], [name, idempotent])
    }
  })

  it('refuses a reply that is too large, and one that is no JSON', async () => {
    await using server = await foreign((_, response) => response.end('x'.repeat(101)))
    await using small = httpCall({ method: 'GET', url: server.url, maxReplyBytes: 100 })
    await assert.rejects(small(undefined), { code: 'internal', message: /larger than 100 bytes/ })
    await using exact = httpCall({ method: 'GET', url: server.url, maxReplyBytes: 101 })
    await assert.rejects(exact(undefined), { code: 'internal', message: /could not be read/ })
  })

  it('calls off what is open when it is disposed of, and takes no more', async () => {
    const came = Promise.withResolvers<void>()
    await using server = await foreign(() => came.resolve())
    const call = httpCall({ method: 'GET', url: server.url })
    const open = assert.rejects(call(undefined), { code: 'canceled' })
    await came.promise
    await Promise.all([call[Symbol.asyncDispose](), call[Symbol.asyncDispose](), open])
    await assert.rejects(call(undefined), { code: 'canceled' })
  })
})
