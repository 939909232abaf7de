// Tests of http-call-end.ts: what the finally hooks of an endpoint hear, once, however a call ends.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import type { Endpoint } from '../../core/endpoint.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import { type HttpEndpointOptions, httpEndpoint } from './endpoint.ts'
import type { HttpCallEnd } from './http-call-end.ts'
import { type HttpServerOptions, httpServer } from './server.ts'

const place = { method: 'POST', path: '/x' } as const

async function serve<Req, Res>(
  endpoint: Endpoint<Req, Res>,
  options: Partial<HttpEndpointOptions<Req, Res>> = {},
  of: HttpServerOptions = {},
) {
  const mount = [httpEndpoint(endpoint, { ...place, ...options })]
  const server = await httpServer({ onError: () => {}, drainMs: 500, ...of, mount }).listen({ host: '127.0.0.1' })
  const begin = (path = '/x', headers: Record<string, string> = {}, method = 'POST'): ClientRequest => {
    const sent = request(`${server.url}${path}`, { method, headers, agent: false, timeout: 2_000 })
    return sent.on('error', () => {}).on('timeout', () => sent.destroy(new Error('there is no reply')))
  }
  const ask = async (body?: string | Uint8Array, path = '/x', method = 'POST') => {
    const sent = begin(path, body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }, method)
    const [reply] = (await once(sent.end(body), 'response')) as [IncomingMessage]
    return { status: reply.statusCode, headers: reply.headers, text: await text(reply) }
  }
  return { server, begin, ask, [Symbol.asyncDispose]: () => server.close() }
}

const numbers = (end: HttpCallEnd) => [end.code, end.status, end.requestBytes, end.responseBytes]
describe('the finally hooks of an endpoint', () => {
  const failing = (where: string) => () => {
    throw new Error(`secret of ${where}`)
  }
  const cases: readonly (readonly [string, object, Endpoint<unknown, unknown>, number, string])[] = [
    ['cannot be decoded', { decode: failing('decode') }, async () => 1, 400, 'invalid_argument'],
    ['fails', {}, async () => failing('endpoint')(), 500, 'internal'],
    ['fails after', { after: [failing('after')] }, async () => 1, 500, 'internal'],
    ['cannot be encoded', { encode: failing('encode') }, async () => 1, 500, 'internal'],
    ['gives a status that is none', { encode: () => ({ status: 42 }) }, async () => 1, 500, 'internal'],
    ['gives a body that is none', { encode: () => ({ body: 42 }) }, async () => 1, 500, 'internal'],
    ['gives a header that is none', { encode: () => ({ headers: { 'x y': '1' } }) }, async () => 1, 500, 'internal'],
  ]
  for (const [what, options, endpoint, status, code] of cases) {
    it(`run once for a call that ${what}, and nothing of the message leaks`, async () => {
      const ended = recorder<HttpCallEnd>()
      await using serving = await serve(endpoint, { ...options, finally: [ended] })
      const answer = await serving.ask('{"a":1}')
      await eventually(() => ended.events.length > 0)
      assert.equal(answer.status, status)
      assert.doesNotMatch(answer.text, /secret/)
      await serving.server.close()
      assert.deepEqual(ended.events.map(numbers), [[code, status, 7, Buffer.byteLength(answer.text)]])
    })
  }

  it('run once for a call whose deadline passes, with the time that it took', async () => {
    const clock = manualClock()
    const ended = recorder<HttpCallEnd>()
    const entered = Promise.withResolvers<void>()
    const endpoint = () => {
      entered.resolve()
      return new Promise<never>(() => {})
    }
    await using serving = await serve(endpoint, { timeoutMs: 80, finally: [ended] }, { clock })
    const answer = serving.ask()
    await entered.promise
    await clock.advance(80)
    assert.equal((await answer).status, 504)
    await eventually(() => ended.events.length > 0)
    assert.deepEqual(
      ended.events.map((end) => [end.code, end.status, end.tookMs]),
      [['deadline_exceeded', 504, 80]],
    )
  })

  it('run once for a caller that goes while it waits', async () => {
    const ended = recorder<HttpCallEnd>()
    const entered = Promise.withResolvers<void>()
    const endpoint: Endpoint<unknown, never> = (_, ctx) => {
      entered.resolve()
      return new Promise((_, reject) => ctx.onAbort(reject))
    }
    await using serving = await serve(endpoint, { finally: [ended] })
    const sent = serving.begin().end('{"a":1}')
    await entered.promise
    sent.destroy()
    await eventually(() => ended.events.length > 0)
    await serving.server.close()
    assert.deepEqual(ended.events.map(numbers), [['canceled', 0, 7, 0]])
  })

  it('run once for a caller that goes while the reply streams, and the source is closed', async () => {
    const ended = recorder<HttpCallEnd>()
    let isClosed = false
    const stream = async function* () {
      try {
        for (;;) yield Buffer.alloc(100_000)
      } finally {
        isClosed = true
      }
    }
    await using serving = await serve(async () => stream(), { encode: (body) => ({ body }), finally: [ended] })
    const [reply] = (await once(serving.begin().end(), 'response')) as [IncomingMessage]
    await once(reply, 'data')
    reply.destroy()
    await eventually(() => isClosed && ended.events.length > 0)
    await serving.server.close()
    const [[code, status, , bytes] = []] = ended.events.map(numbers)
    assert.deepEqual([ended.events.length, code, status], [1, 'canceled', 200])
    assert.ok(Number(bytes) >= 100_000)
  })

  it('run once for a body that is too large, and for a call that is refused while the server drains', async () => {
    const ended = recorder<HttpCallEnd>()
    await using serving = await serve(async () => 1, { finally: [ended] }, { maxBodyBytes: 10 })
    assert.equal((await serving.ask('x'.repeat(11))).status, 413)
    await eventually(() => ended.events.length === 1)
    const sent = serving.begin('/x', { expect: '100-continue', 'content-length': '4' })
    sent.flushHeaders()
    await once(sent, 'continue')
    const closing = serving.server.close()
    const [reply] = (await once(sent.end('null'), 'response')) as [IncomingMessage]
    assert.equal(reply.statusCode, 503)
    reply.resume()
    await closing
    assert.deepEqual(
      ended.events.map(({ code, status }) => [code, status]),
      [
        ['invalid_argument', 413],
        ['unavailable', 503],
      ],
    )
  })

  it('that throw keep neither each other nor the reply back', async (t) => {
    const ended = recorder<HttpCallEnd>()
    const thrown: unknown[] = []
    t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => thrown.push(run))
    await using serving = await serve(async () => 1, { finally: [failing('finally'), ended] })
    assert.equal((await serving.ask()).status, 200)
    await eventually(() => ended.events.length === 1)
  })

  it('hear of no bytes where the reply has a status without a body', async () => {
    const ended = recorder<HttpCallEnd>()
    await using serving = await serve(async () => 1, {
      encode: () => ({ status: 204, body: 'none' }),
      finally: [ended],
    })
    await serving.ask()
    await eventually(() => ended.events.length > 0)
    assert.deepEqual(ended.events.map(numbers), [['ok', 204, 0, 0]])
  })
})
