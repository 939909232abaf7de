// Tests of endpoint.ts: one endpoint on a wire that is not ours, with its hooks, its own bodies, and its errors.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { contextKey } from '../../core/context-key.ts'
import type { Endpoint } from '../../core/endpoint.ts'
import { ServiceError } from '../../core/errors.ts'
import { eventually } from '../../testing/eventually.ts'
import { recorder } from '../../testing/recorder.ts'
import { type HttpEndpointOptions, httpEndpoint } from './endpoint.ts'
import type { HttpCallEnd } from './http-call-end.ts'
import type { HttpReplyMessage, HttpRequestMessage } from './http-request-message.ts'
import { type HttpServerOptions, httpServer } from './server.ts'

const user = contextKey('user', { scope: 'request', fallback: 'nobody' })
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
const bodyOf = (message: HttpRequestMessage) => message

describe('httpEndpoint', () => {
  it('refuses options out of range, and names them', () => {
    for (const [options, message] of [
      [{ method: 'post' }, /^method/],
      [{ method: '' }, /^method/],
      [{ path: 'x' as '/x' }, /^path/],
      [{ path: '/x?a' as const }, /^path/],
      [{ path: '/x y' as const }, /^path/],
      [{ status: 99 }, /^status/],
      [{ timeoutMs: 0 }, /^timeoutMs/],
      [{ body: 'some' as 'whole' }, /^body/],
      [{ name: 'one' }, /^name/],
      [{ name: 'a/b/c' }, /^name/],
    ] as const) {
      assert.throws(() => httpEndpoint(async () => 1, { ...place, ...options }), { message }, JSON.stringify(options))
    }
  })

  it('takes and gives JSON unless told otherwise, as a contract does', async () => {
    await using serving = await serve(async ({ a }: { a: number }) => ({ sum: a + 1, html: '<' }))
    const { status, headers, text } = await serving.ask('{"a":1}')
    assert.deepEqual([status, headers['content-type'], text], [200, 'application/json', '{"sum":2,"html":"<"}\n'])
    assert.equal((await serving.ask('{')).status, 400)
    assert.equal((await serving.ask('{"__proto__":{}}')).status, 400)
  })

  it('sends no body for nothing, and the error of a response that is no JSON', async () => {
    const responses = [undefined, 1n]
    await using serving = await serve(async () => responses.shift(), { status: 201 })
    const nothing = await serving.ask()
    assert.deepEqual([nothing.status, nothing.text, nothing.headers['content-length']], [201, '', '0'])
    assert.equal((await serving.ask()).status, 500)
  })

  it('knows its path, its parameters, its query and its headers', async () => {
    const seen: unknown[] = []
    const decode = ({ method, path, target, parameters, query, headers, ...rest }: HttpRequestMessage) => {
      seen.push(method, path, target, [...parameters], query.getAll('q'), headers.get('host') !== '', rest.body.length)
    }
    await using serving = await serve(async () => 'ok', { method: '*', path: '/x/:id/*', decode })
    assert.equal((await serving.ask(undefined, '/x/a%20b/c/d?q=1&q=+', 'PUT')).status, 200)
    assert.deepEqual(seen, ['PUT', '/x/a%20b/c/d', '/x/a%20b/c/d?q=1&q=+', [['id', 'a b']], ['1', ' '], true, 0])
  })

  it('is named for its route, or as it is told', async () => {
    const names: string[] = []
    const endpoint: Endpoint<unknown, void> = async (_, ctx) => void names.push(ctx.method.fullName)
    await using plain = await serve(endpoint)
    await using named = await serve(endpoint, { name: 'legacy/x' })
    await plain.ask()
    await named.ask()
    assert.deepEqual(names, ['http/POST /x', 'legacy/x'])
  })

  it('takes bytes and gives bytes, with types and lists of headers of its own', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, n) => n)
    await using serving = await serve(async (body: Uint8Array) => body.toReversed(), {
      decode: (message) => message.body,
      encode: (body): HttpReplyMessage => ({
        status: 203,
        headers: { 'Content-Type': 'application/octet-stream', 'X-List': ['a', 'b'], 'set-cookie': ['c=1', 'd=2'] },
        body,
      }),
    })
    const sent = serving.begin('/x', { 'content-type': 'image/png' })
    const [reply] = (await once(sent.end(bytes), 'response')) as [IncomingMessage]
    assert.deepEqual([reply.statusCode, reply.headers['x-list']], [203, 'a, b'])
    assert.deepEqual(reply.headers['set-cookie'], ['c=1', 'd=2'])
    assert.equal(reply.headers['content-type'], 'application/octet-stream')
    assert.deepEqual(new Uint8Array(Buffer.concat(await reply.toArray())), bytes.toReversed())
  })

  it('sends a stream as it comes, waits for a reader, and reads a stream as it comes', async () => {
    await using serving = await serve(async (message: HttpRequestMessage) => message.stream, {
      body: 'stream',
      decode: bodyOf,
      encode: (body) => ({ body }),
    })
    const sent = serving.begin('/x', { 'transfer-encoding': 'chunked' })
    sent.write('one')
    const [reply] = (await once(sent, 'response')) as [IncomingMessage]
    assert.equal(String((await once(reply, 'data'))[0]), 'one')
    reply.pause()
    const chunk = Buffer.alloc(65_536)
    let sentBytes = 0
    while (sent.write(chunk) || sent.writableLength < 1_000_000) sentBytes += chunk.length
    const received = text(reply)
    sent.end('last')
    assert.ok((await received).endsWith('last'))
    assert.ok(sentBytes > 0)
  })

  it('breaks a stream off that fails, so that nobody takes it for whole', async () => {
    const ended = recorder<HttpCallEnd>()
    const stream = async function* () {
      yield 'part'
      throw new Error('secret')
    }
    await using serving = await serve(async () => stream(), { encode: (body) => ({ body }), finally: [ended] })
    const [reply] = (await once(serving.begin().end(), 'response')) as [IncomingMessage]
    await assert.rejects(text(reply), { code: 'ECONNRESET' })
    await eventually(() => ended.events.length === 1)
  })
})

describe('the hooks of an endpoint', () => {
  it('run as before, decode, endpoint, after, encode and finally, and the reply goes out after them', async () => {
    const steps: string[] = []
    const ended = Promise.withResolvers<HttpCallEnd>()
    const note = (name: string) => void steps.push(name)
    await using serving = await serve(
      async (_: unknown, ctx) => {
        note(`endpoint for ${ctx.get(user)}`)
        return 'é'
      },
      {
        before: [
          (ctx, call) => {
            note(`before ${call.headers.get('x-user')}`)
            return ctx.with(user, 'ann')
          },
          (ctx) => {
            note('before again')
            return ctx
          },
        ],
        decode: (_, ctx) => note(`decode for ${ctx.get(user)}`),
        after: [
          (ctx, reply) => {
            note(`after for ${ctx.get(user)}`)
            reply.setHeader('x-after', '1').setStatus(202)
          },
        ],
        encode: (body) => {
          note('encode')
          return { body }
        },
        finally: [() => note('finally'), ended.resolve],
      },
    )
    const sent = serving.begin('/x', { 'x-user': 'ann' }).end('{"a":1}')
    const [reply] = (await once(sent, 'response')) as [IncomingMessage]
    assert.deepEqual([reply.statusCode, reply.headers['x-after'], await text(reply)], [202, '1', 'é'])
    const end = await ended.promise
    const before = ['before ann', 'before again', 'decode for ann', 'endpoint for ann']
    assert.deepEqual(steps, [...before, 'after for ann', 'encode', 'finally'])
    assert.deepEqual([...numbers(end), end.ctx.get(user), end.error], ['ok', 202, 7, 2, 'ann', undefined])
    assert.ok(end.tookMs >= 0)
  })

  it('that throw before the call make it fail, and those that throw behind it do not', async () => {
    const ended = recorder<HttpCallEnd>()
    const before = [
      () => {
        throw new ServiceError('unauthenticated', 'who are you?')
      },
    ]
    await using refusing = await serve(async () => 'ran', { before, finally: [ended] })
    assert.equal((await refusing.ask()).status, 401)
    await eventually(() => ended.events.length === 1)
    assert.equal(ended.events[0]?.code, 'unauthenticated')
  })
})

describe('encodeError', () => {
  const failing = async () => {
    throw new ServiceError('not_found', 'gone', { cause: new Error('secret') })
  }

  it('makes the reply of whatever fails, a body that is too large too', async () => {
    const encodeError = ({ code, message }: ServiceError) => ({
      status: 418,
      headers: { 'content-type': 'text/plain', 'x-code': code },
      body: `oops: ${message}`,
    })
    await using serving = await serve(failing, { encodeError }, { maxBodyBytes: 10 })
    const { status, headers, text } = await serving.ask()
    assert.deepEqual(
      [status, headers['content-type'], headers['x-code'], text],
      [418, 'text/plain', 'not_found', 'oops: gone'],
    )
    assert.deepEqual((await serving.ask('x'.repeat(11))).headers['x-code'], 'invalid_argument')
  })

  it('that throws leaves the caller with a problem document, and finally with what happened', async () => {
    const ended = recorder<HttpCallEnd>()
    const encodeError = () => {
      throw new Error('secret')
    }
    await using serving = await serve(failing, { encodeError, finally: [ended] })
    const { status, text } = await serving.ask()
    assert.deepEqual([status, JSON.parse(text).code], [404, 'not_found'])
    await eventually(() => ended.events.length > 0)
    assert.deepEqual(
      ended.events.map((end) => [end.code, end.status]),
      [['not_found', 404]],
    )
  })

  it('that says nothing of the status has that of the error', async () => {
    await using serving = await serve(failing, { encodeError: () => ({ body: 'no' }), status: 201 })
    const { status, text } = await serving.ask()
    assert.deepEqual([status, text], [404, 'no'])
  })
})
