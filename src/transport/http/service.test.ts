// Tests of service.ts: which method a request reaches with which input, and which requests are refused before any does.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { bidiStream, contract, unary } from '../../core/contract.ts'
import { endpoints } from '../../core/endpoints.ts'
import type { Metadata } from '../../core/metadata.ts'
import { mounted } from '../dispatch.ts'
import { httpServer } from './server.ts'
import { HttpService, type HttpServiceOptions } from './service.ts'

const one = z.object({
  id: z.number(),
  verbose: z.boolean().optional(),
  tags: z.array(z.string()).optional(),
  note: z.string().optional(),
})
const users = contract(
  'users',
  {
    get: unary({
      input: one,
      output: z.unknown(),
      http: [
        { method: 'GET', path: '/users/:id' },
        { method: 'GET', path: '/people/:id' },
      ],
    }),
    put: unary({ input: one, output: z.unknown(), http: { method: 'PUT', path: '/users/:id' } }),
    add: unary.of<unknown, unknown>({ http: { method: 'POST', path: '/users', status: 201 } }),
    search: unary.of<unknown, unknown>({ http: { method: 'GET', path: '/search', body: true } }),
    purge: unary.of<unknown, void>({ http: { method: 'DELETE', path: '/users/:id' } }),
  },
  { prefix: '/v1' },
)
const chat = contract('chat', { echo: unary.of<unknown, unknown>(), talk: bidiStream.of<string, string>() })
const same = (input: unknown) => input
const servedUsers = endpoints(users, { get: same, put: same, add: same, search: same, purge: () => {} })
const servedChat = endpoints(chat, { echo: same, talk: (words) => words })

async function serve(options?: HttpServiceOptions) {
  const mount = [mounted(users, servedUsers), mounted(chat, servedChat)]
  const server = await httpServer({ mount, ...options }).listen({ host: '127.0.0.1' })
  const ask = async (line: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> => {
    const [method, path] = line.split(' ') as [string, string]
    const sent = request({ port: server.port, host: '127.0.0.1', method, path, headers, agent: false })
    sent.end(body)
    const [reply] = await once(sent, 'response')
    const received = await text(reply)
    const json = /json/.test(reply.headers['content-type'] ?? '') && received !== '' ? JSON.parse(received) : undefined
    return { status: reply.statusCode, headers: reply.headers, text: received, json }
  }
  const raw = async (bytes: string): Promise<string> => {
    await using socket = connect(server.port, '127.0.0.1')
    socket.write(bytes)
    return await text(socket)
  }
  return { server, ask, raw, [Symbol.asyncDispose]: () => server.close() }
}

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: { readonly code?: string; readonly detail?: string } & Readonly<Record<string, unknown>>
}

describe('the routes of an HTTP service', () => {
  it('reach the methods of several contracts, each with its prefix', async () => {
    await using serving = await serve()
    assert.deepEqual((await serving.ask('POST /echo', {}, '{"a":1}')).json, { a: 1 })
    assert.deepEqual((await serving.ask('GET /v1/users/7')).json, { id: 7 })
    assert.equal((await serving.ask('GET /users/7')).status, 404)
  })

  it('are several for one method, and several methods have one path', async () => {
    await using serving = await serve()
    assert.deepEqual((await serving.ask('GET /v1/people/7')).json, { id: 7 })
    assert.deepEqual((await serving.ask('PUT /v1/users/7', {}, '{"note":"x"}')).json, { note: 'x', id: 7 })
    assert.equal((await serving.ask('DELETE /v1/users/7')).status, 204)
  })

  it('give the query its types, as the schema says', async () => {
    await using serving = await serve()
    const { json } = await serving.ask('GET /v1/users/7?verbose=true&tags=a&tags=b&note=12+%26')
    assert.deepEqual(json, { id: 7, verbose: true, tags: ['a', 'b'], note: '12 &' })
    assert.deepEqual((await serving.ask('GET /v1/users/7?tags=a')).json, { id: 7, tags: ['a'] })
    const { status, json: problem } = await serving.ask('GET /v1/users/seven')
    assert.deepEqual([status, problem.code], [400, 'invalid_argument'])
    assert.equal((await serving.ask('GET /v1/users/7?verbose=yes')).status, 400)
  })

  it('let the path win over the body, and the body over the query', async () => {
    await using serving = await serve()
    const { json } = await serving.ask('PUT /v1/users/7?id=9&note=q&verbose=false', {}, '{"id":8,"note":"b"}')
    assert.deepEqual(json, { id: 7, note: 'b', verbose: false })
  })

  it('have their own status, and 204 for nothing', async () => {
    await using serving = await serve()
    assert.equal((await serving.ask('POST /v1/users', {}, '{}')).status, 201)
    const nothing = await serving.ask('DELETE /v1/users/7')
    assert.deepEqual([nothing.status, nothing.text, nothing.headers['content-length']], [204, '', undefined])
    assert.equal((await serving.ask('POST /echo', {}, 'null')).text, 'null\n')
  })

  it('read the body of a GET that declares one', async () => {
    await using serving = await serve()
    const { json } = await serving.ask('GET /v1/search?limit=5', { 'content-length': '9' }, '{"q":"a"}')
    assert.deepEqual(json, { limit: '5', q: 'a' })
  })

  it('decode each segment by itself, so that an encoded slash is none', async () => {
    const notes = contract('notes', { read: unary.of<unknown, unknown>({ http: { method: 'GET', path: '/n/:name' } }) })
    await using server = await httpServer(notes, endpoints(notes, { read: same })).listen({ host: '127.0.0.1' })
    const reply = await fetch(`${server.url}/n/a%2Fb%20%C3%A9`)
    assert.deepEqual(await reply.json(), { name: 'a/b é' })
    assert.equal((await fetch(`${server.url}/n/`)).status, 404)
    for (const path of ['/n/%ff', '/n/%00', '/n/a?b=%zz']) {
      const refused = await fetch(`${server.url}${path}`)
      assert.deepEqual([refused.status, (await refused.json()).code], [400, 'invalid_argument'], path)
    }
  })

  it('answer HEAD with the headers of GET alone', async () => {
    await using serving = await serve()
    const [head, get] = [await serving.ask('HEAD /v1/users/7'), await serving.ask('GET /v1/users/7')]
    assert.deepEqual([head.status, head.text], [200, ''])
    assert.equal(head.headers['content-length'], get.headers['content-length'])
    assert.equal(head.headers['content-type'], 'application/json')
    assert.equal((await serving.ask('HEAD /echo')).status, 405)
  })

  it('answer OPTIONS with what the path takes', async () => {
    await using serving = await serve()
    const { status, headers } = await serving.ask('OPTIONS /v1/users/7')
    assert.deepEqual([status, headers.allow], [204, 'DELETE, GET, HEAD, OPTIONS, PUT'])
    assert.equal((await serving.ask('OPTIONS /nowhere')).status, 404)
    assert.match(await serving.raw('OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'), /^HTTP\/1\.1 204/)
  })

  it('refuse a path that is not there with 404, and another verb with 405 and what is allowed', async () => {
    await using serving = await serve()
    const missing = await serving.ask('GET /nowhere')
    assert.deepEqual([missing.status, missing.json.code], [404, 'unimplemented'])
    assert.match(missing.headers['content-type'] ?? '', /^application\/problem\+json/)
    const wrong = await serving.ask('GET /echo')
    assert.deepEqual([wrong.status, wrong.json.code, wrong.headers.allow], [405, 'unimplemented', 'OPTIONS, POST'])
    const bidi = await serving.ask('POST /talk', {}, '')
    assert.deepEqual([bidi.status, bidi.json.code], [501, 'unimplemented'])
  })

  it('collide when they differ in the names of parameters alone', () => {
    const of = (name: string, path: `/${string}`) => {
      const made = contract(name, { [name]: unary.of<unknown, unknown>({ http: { method: 'GET', path } }) })
      return mounted(made, endpoints(made, { [name]: same }))
    }
    const collides = { name: 'TypeError', message: /two methods have the route GET/ }
    assert.throws(() => new HttpService([...of('a', '/x/:id'), ...of('b', '/x/:name')]), collides)
    assert.throws(() => new HttpService([...of('a', '/x/%41'), ...of('b', '/x/A')]), collides)
    assert.doesNotThrow(() => new HttpService([...of('a', '/x/:id'), ...of('b', '/x/new')]))
  })
})

describe('an HTTP service', () => {
  it('reads JSON whatever its type is called, as curl -d calls it', async () => {
    await using serving = await serve()
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'application/json; charset=utf-8']) {
      assert.deepEqual((await serving.ask('POST /echo', { 'content-type': type }, '{"a":1}')).json, { a: 1 }, type)
    }
    assert.deepEqual((await serving.ask('POST /echo', {}, '[1]')).json, [1])
  })

  it('refuses other types where it is strict, and from browsers of other sites in any case', async () => {
    await using strict = await serve({ strictContentType: true })
    assert.equal((await strict.ask('POST /echo', { 'content-type': 'text/plain' }, '1')).status, 415)
    assert.equal((await strict.ask('POST /echo', { 'content-type': 'application/merge-patch+json' }, '1')).status, 200)
    await using serving = await serve()
    for (const from of [{ origin: 'http://evil.test' }, { 'sec-fetch-site': 'cross-site' }]) {
      const type = { 'content-type': 'text/plain' }
      const { status, json } = await serving.ask('POST /echo', { ...type, ...(from as Record<string, string>) }, '1')
      assert.deepEqual([status, json.code], [415, 'invalid_argument'])
    }
    assert.equal((await serving.ask('POST /echo', { 'content-encoding': 'gzip' }, '1')).status, 415)
  })

  it('refuses keys that poison prototypes, wherever they are', async () => {
    await using serving = await serve()
    for (const [line, body] of [
      ['POST /echo', '{"__proto__":{"a":1}}'],
      ['POST /echo?__proto__=1', '{}'],
      ['PUT /v1/users/7?__proto__=1', '{}'],
    ] as const) {
      assert.equal((await serving.ask(line, {}, body)).status, 400, line)
    }
  })

  it('refuses a URL that is too long, and nesting that is too deep', async () => {
    await using serving = await serve({ maxUrlChars: 50, maxDepth: 3 })
    assert.equal((await serving.ask(`GET /v1/users/7?note=${'x'.repeat(50)}`)).status, 414)
    assert.equal((await serving.ask('POST /echo', {}, '[[[1]]]')).status, 200)
    assert.equal((await serving.ask('POST /echo', {}, '[[[[1]]]]')).status, 400)
  })

  it('wants one Host, but of HTTP/1.0 none', async () => {
    await using serving = await serve()
    const end = 'connection: close\r\n\r\n'
    assert.match(await serving.raw(`GET /v1/users/7 HTTP/1.1\r\n${end}`), /^HTTP\/1\.1 400[\s\S]*one Host/)
    assert.match(await serving.raw(`GET /v1/users/7 HTTP/1.1\r\nhost: a\r\nHost: b\r\n${end}`), /^HTTP\/1\.1 400/)
    assert.match(await serving.raw('GET /v1/users/7 HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200[\s\S]*\{"id":7\}/)
    const absolute = `GET http://any.test/v1/users/7?note=a HTTP/1.1\r\nhost: any.test\r\n${end}`
    assert.match(await serving.raw(absolute), /"note":"a"/)
  })

  it('answers what is no HTTP, and closes', async () => {
    await using serving = await serve()
    assert.match(await serving.raw('hello\r\n\r\n'), /^HTTP\/1\.1 400[\s\S]*not an HTTP\/1\.1 request/)
    const both = 'POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'
    assert.match(await serving.raw(both), /^HTTP\/1\.1 400/)
    assert.equal(serving.server.stats.served, 0)
  })

  it('tells what a stranger did wrong from a fault of its own', () => {
    const service = new HttpService(mounted(chat, endpoints(chat, { echo: same, async *talk() {} })))
    const answered = (headers: Metadata, target: string) => {
      const sent: [status: number, code: string][] = []
      service.accept({
        ...{ method: 'POST', target, headers, peer: { address: '', secure: false, certificate: undefined } },
        ...{ listener: undefined, onDone: undefined, readBody: () => {}, openBody: () => assert.fail('read') },
        start: () => assert.fail('begun'),
        send: (status, _, body) => void sent.push([status, JSON.parse(String(body)).code]),
      })
      return sent
    }
    const broken = { get: () => assert.fail('a bug'), *[Symbol.iterator]() {} }
    assert.deepEqual(answered(broken, '/echo'), [[500, 'internal']])
    assert.deepEqual(answered(new Map(), '/%'), [[400, 'invalid_argument']])
  })
})
