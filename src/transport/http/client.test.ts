// Tests of client.ts: what is sent to which URL, and what is made of replies, foreign ones and those that never come too.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { clientStream, contract, serverStream, unary } from '../../core/contract.ts'
import { endpoints } from '../../core/endpoints.ts'
import { ServiceError } from '../../core/errors.ts'
import { inbound, reply } from '../../core/inbound.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recordCalls } from '../../testing/recorder.ts'
import { type HttpClientOptions, httpClient } from './client.ts'
import { httpServer } from './server.ts'

const svc = contract('svc', {
  get: unary.of<unknown, unknown>({ http: { method: 'GET', path: '/users/:id/notes/:note' }, idempotent: true }),
  put: unary.of<unknown, unknown>({ http: { method: 'PUT', path: '/users/:id' } }),
  search: unary.of<unknown, unknown>({ http: { method: 'GET', path: '/search', body: true } }),
  call: unary.of<unknown, unknown>(),
  flow: serverStream.of<void, unknown>(),
  up: clientStream.of<unknown, unknown>(),
})

interface Listening extends AsyncDisposable {
  readonly url: string
  readonly port: number
}

/** A server that we did not write. */
async function foreign(answer: RequestListener): Promise<Listening> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${port}`, port, [Symbol.asyncDispose]: close }
}

async function rawServer(onConnection: (socket: Socket) => void): Promise<Listening> {
  const open = new Set<Socket>()
  const server = createTcpServer((socket) => {
    open.add(socket.on('error', () => {}))
    onConnection(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = async () => {
    for (const socket of open) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${port}`, port, [Symbol.asyncDispose]: close }
}

async function mirror(): Promise<Listening> {
  return await foreign(async (request, response) => {
    const { method, url, headers } = request
    const body = await text(request)
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ method, url, headers, body }))
  })
}

type Mirrored = { method: string; url: string; headers: Record<string, string>; body: string }

describe('the requests of an HTTP client', () => {
  it('have parameters in the path and the rest in the query, each encoded by itself', async () => {
    await using server = await mirror()
    await using client = httpClient(svc, { baseUrl: server.url })
    const at = new Date(0)
    const request = { id: 'a/b é', note: 7, q: '&=+ ', list: [1, 'b'], none: undefined, nil: null, yes: true, at }
    const { method, url, body, headers } = (await client.get(request)) as Mirrored
    assert.equal(method, 'GET')
    const [path, query] = url.split('?')
    assert.equal(path, '/users/a%2Fb%20%C3%A9/notes/7')
    const expected = 'q=%26%3D%2B%20&list=1&list=b&yes=true&at=1970-01-01T00%3A00%3A00.000Z'
    assert.equal(query, expected)
    assert.deepEqual([body, headers['content-type'], headers['accept']], ['', undefined, 'application/json'])
  })

  it('have parameters in the path and the rest in the body, of a GET that declares one too', async () => {
    await using server = await mirror()
    await using client = httpClient(svc, { baseUrl: server.url })
    const put = (await client.put({ id: 7, a: 1 })) as Mirrored
    assert.deepEqual([put.method, put.url, put.body], ['PUT', '/users/7', '{"a":1}'])
    assert.equal(put.headers['content-length'], '7')
    const search = (await client.search({ q: 'a' })) as Mirrored
    assert.deepEqual([search.method, search.url, search.body], ['GET', '/search', '{"q":"a"}'])
    assert.equal(search.headers['content-type'], 'application/json')
  })

  it('that do not fit their route are the fault of the caller, and are not sent', async () => {
    await using server = await mirror()
    await using client = httpClient(svc, { baseUrl: server.url })
    for (const request of [{}, { id: '', note: 1 }, { id: '..', note: 1 }, { id: {}, note: 1 }, 7, [1]]) {
      await assert.rejects(client.get(request), { code: 'invalid_argument' }, JSON.stringify(request))
    }
    await assert.rejects(client.get({ id: 1, note: 1, deep: { a: 1 } }), { code: 'invalid_argument', message: /deep/ })
    await assert.rejects(client.call(1n), { code: 'invalid_argument' })
  })

  it('go below the path of the URL', async () => {
    await using server = await mirror()
    for (const base of ['/base/v1', '/base/v1/']) {
      await using client = httpClient(svc, { baseUrl: `${server.url}${base}` })
      assert.equal(((await client.put({ id: 7 })) as Mirrored).url, '/base/v1/users/7')
    }
  })

  it('have the headers of the call and the time that is left', async () => {
    await using server = await mirror()
    await using client = httpClient(svc, { baseUrl: server.url, clock: manualClock() })
    const headers = { 'X-Own': '1', accept: 'application/vnd.own+json', authorization: 'Bearer a' }
    const { headers: sent } = (await client.call(1, { headers, timeoutMs: 750 })) as Mirrored
    assert.deepEqual([sent['x-own'], sent['accept'], sent['authorization']], ['1', headers.accept, 'Bearer a'])
    assert.equal(sent['request-timeout-ms'], '750')
    await assert.rejects(client.call(1, { headers: { 'x y': '1' } }), { name: 'TypeError' })
  })

  it('go through what use lists', async () => {
    await using server = await mirror()
    const recorded = recordCalls()
    await using client = httpClient(svc, { baseUrl: server.url, use: [recorded] })
    await client.call(1)
    assert.deepEqual(
      recorded.calls.map(({ method, outcome }) => [method, outcome?.code]),
      [['svc/call', 'ok']],
    )
  })

  it('share connections, and wait for one where there are as many as allowed', async () => {
    const ports = new Set<number | undefined>()
    await using server = await foreign((request, response) => {
      ports.add(request.socket.remotePort)
      request.resume().on('end', () => response.end('1'))
    })
    await using client = httpClient(svc, { baseUrl: server.url, maxConnections: 2 })
    for (let n = 0; n < 3; n++) await client.call(n)
    assert.equal(ports.size, 1)
    await Promise.all(Array.from({ length: 8 }, (_, n) => client.call(n)))
    assert.equal(ports.size, 2)
  })
})

describe('httpClient', () => {
  it('refuses a URL that is none, and options out of range', () => {
    for (const url of ['127.0.0.1:80', 'ftp://a', 'http://a?b', 'http://a#b', 'http://u:p@a', '', undefined as never]) {
      assert.throws(() => httpClient(svc, { baseUrl: url }), { name: 'TypeError', message: /^baseUrl must be/ }, url)
    }
    const wrong = { maxReplyBytes: 0, maxDepth: 0, maxConnections: 0, connectTimeoutMs: 0, keepAliveMs: 0 }
    for (const [option, value] of Object.entries({ ...wrong, maxConnectionAgeMs: 0 })) {
      const refused = { name: 'RangeError', message: new RegExp(`^${option}`) }
      assert.throws(() => httpClient(svc, { baseUrl: 'http://a', [option]: value }), refused, option)
    }
  })

  it('gives headers and trailers of the reply, of one that fails too', async () => {
    const served = endpoints(svc, {
      get: () => 0,
      put: () => 0,
      search: () => 0,
      async *flow() {},
      up: () => 0,
      call: (input, ctx) => {
        reply(ctx)
          .setHeader('x-a', ctx.get(inbound).headers.get('x-own') ?? '')
          .setTrailer('x-b', '2')
        if (input === 'fail') throw new ServiceError('aborted')
        return 1
      },
    })
    await using server = await httpServer(svc, served).listen({ host: '127.0.0.1' })
    await using client = httpClient(svc, { baseUrl: server.url })
    const seen: unknown[] = []
    const options = {
      headers: { 'x-own': 'own' },
      onHeaders: (headers: { get(name: string): unknown }) => seen.push(headers.get('x-a')),
      onTrailers: (trailers: { get(name: string): unknown }) => seen.push(trailers.get('x-b')),
    }
    await client.call(1, options)
    await assert.rejects(client.call('fail', options), { code: 'aborted' })
    assert.deepEqual(seen, ['own', '2', 'own'])
  })

  it('rebuilds errors as they were thrown', async () => {
    const options = { details: { a: [1] }, retry: 'safe', retryAfterMs: 1_234 } as const
    const fail = () => {
      throw new ServiceError('failed_precondition', 'not now: é', options)
    }
    async function* flow() {
      yield 1
      fail()
    }
    const served = endpoints(svc, { get: fail, put: fail, search: fail, call: fail, flow, up: fail })
    await using server = await httpServer(svc, served).listen({ host: '127.0.0.1' })
    await using client = httpClient(svc, { baseUrl: server.url })
    const expected = { code: 'failed_precondition', message: 'not now: é', ...options }
    await assert.rejects(client.call(1), expected)
    await assert.rejects(async () => {
      for await (const _ of await client.flow());
    }, expected)
  })
})

describe('a reply that is foreign, or does not come', () => {
  async function failure(answer: (response: ServerResponse, request: IncomingMessage) => void, options: object = {}) {
    await using server = await foreign((request, response) => {
      request.resume().on('end', () => answer(response, request))
    })
    await using client = httpClient(svc, { baseUrl: server.url, ...(options as Partial<HttpClientOptions>) })
    return await client.call(1).then(
      (value) => assert.fail(`it gave ${JSON.stringify(value)}`),
      (error: ServiceError) => error,
    )
  }

  it('means what its status says, with the beginning of its text', async () => {
    const gateway = await failure((response) => {
      response.writeHead(502, { 'content-type': 'text/html', 'retry-after': '3' }).end('<h1>Bad</h1>')
    })
    const { code, message, retry, retryAfterMs, details } = gateway
    assert.deepEqual([code, retry, retryAfterMs], ['unavailable', 'if_idempotent', 3_000])
    assert.match(message, /^POST http:\/\/127\.0\.0\.1:\d+\/call: HTTP status 502$/)
    assert.deepEqual(details, { status: 502, type: 'text/html', text: '<h1>Bad</h1>' })
    const other = await failure((response) => {
      response.writeHead(403, { 'content-type': 'application/json' }).end('{"error":"no"}')
    })
    assert.deepEqual([other.code, (other.details as { text: string }).text], ['permission_denied', '{"error":"no"}'])
    const empty = await failure((response) => response.writeHead(404).end())
    assert.deepEqual([empty.code, empty.details], ['not_found', { status: 404, type: '', text: '' }])
    const redirect = await failure((response) => response.writeHead(302, { location: '/y' }).end())
    assert.equal(redirect.code, 'unknown')
    const odd = await failure((response) => {
      response.writeHead(503, { 'content-type': 'application/problem+json' }).end('{"code":"nonsense"')
    })
    assert.equal(odd.code, 'unavailable')
  })

  it('is internal when it is no JSON, or larger than allowed', async () => {
    assert.equal((await failure((response) => response.end('<html>'))).code, 'internal')
    const large = await failure((response) => response.end(JSON.stringify('x'.repeat(100))), { maxReplyBytes: 100 })
    assert.deepEqual([large.code, large.retry], ['internal', 'never'])
    assert.match(large.message, /larger than 100 bytes/)
  })

  it('was never run when there is nobody to connect to', async () => {
    const closed = await rawServer(() => {})
    await closed[Symbol.asyncDispose]()
    for (const [url, cause] of [
      [closed.url, 'ECONNREFUSED'],
      ['http://nobody.invalid', /ENOTFOUND|EAI_AGAIN/],
    ] as const) {
      await using client = httpClient(svc, { baseUrl: url })
      await assert.rejects(client.call(1), (error: ServiceError) => {
        assert.deepEqual([error.code, error.retry], ['unavailable', 'safe'])
        assert.match(String((error.cause as NodeJS.ErrnoException).code), new RegExp(cause))
        return true
      })
    }
  })

  it('may have been run when the connection is lost after the request, or in the reply', async () => {
    for (const [answer, why] of [
      ['', 'before it replied'],
      ['HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n"a', 'broke off'],
      ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n"a\r\n', 'broke off'],
    ] as const) {
      await using server = await rawServer((socket) => {
        socket.once('data', () => (answer === '' ? socket.resetAndDestroy() : socket.end(answer)))
      })
      await using client = httpClient(svc, { baseUrl: server.url })
      await assert.rejects(client.call(1), { code: 'unavailable', retry: 'if_idempotent', message: new RegExp(why) })
    }
  })

  it('is given up at the deadline, and its connection is closed', async () => {
    const clock = manualClock()
    const came = Promise.withResolvers<Socket>()
    await using server = await rawServer((socket) => socket.once('data', () => came.resolve(socket)))
    await using client = httpClient(svc, { baseUrl: server.url, clock })
    const refused = assert.rejects(client.call(1, { timeoutMs: 100 }), {
      code: 'deadline_exceeded',
      retry: 'if_idempotent',
    })
    const socket = await came.promise
    const closed = once(socket.resume(), 'close')
    await clock.advance(100)
    await Promise.all([refused, closed])
    assert.equal(clock.pending, 0)
  })
})
