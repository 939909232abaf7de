import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { type Context, rootContext } from '../../core/context.ts'
import type { Handlers } from '../../core/contract.ts'
import { endpoints } from '../../core/endpoints.ts'
import { inbound, reply } from '../../core/inbound.ts'
import type { Metadata } from '../../core/metadata.ts'
import { type Conformance, conformance, quietHandlers } from '../../testing/conformance/conformance.ts'
import { aborted } from '../../testing/conformance/harness.ts'
import { type TransportHarness, transportCases } from '../../testing/conformance/transport.ts'
import { type ManualClock, manualClock } from '../../testing/manual-clock.ts'
import { httpClient } from './client.ts'
import { httpEndpoint } from './endpoint.ts'
import { bunPeer, denoPeer, type FetchServer, type FetchServerOptions, fetchServer } from './fetch.ts'
import { httpHandler } from './handler.ts'
import { httpRequest } from './http-inbound.ts'

function serverOf(handlers: Partial<Handlers<Conformance>> = {}, options: FetchServerOptions = {}) {
  const clock = manualClock()
  const served = endpoints(conformance, { ...quietHandlers, ...handlers })
  return { clock, server: fetchServer(conformance, served, { clock, onError: () => {}, ...options }) }
}

const url = (path: string) => `http://a.test${path}`
const post = (path: string, body: unknown, init: RequestInit = {}) =>
  new Request(url(path), { method: 'POST', body: JSON.stringify(body), ...init })

/** Something that hears of its end. */
function hanging() {
  const causes: unknown[] = []
  const echo = async (_: unknown, ctx: Context) => {
    causes.push(await aborted(ctx))
    return new Promise<never>(() => {})
  }
  return { causes, echo }
}

describe('fetchServer', () => {
  it('answers a call, also when fetch stands alone', async () => {
    const { fetch } = serverOf().server
    const response = await fetch(post('/echo', { a: 1 }))
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-type'), 'application/json')
    assert.deepEqual(await response.json(), { a: 1 })
  })

  it('answers what goes wrong with problem documents', async () => {
    const { server } = serverOf({}, { maxBodyBytes: 10, strictContentType: true })
    const json = { headers: { 'content-type': 'application/json' } }
    for (const [status, request] of [
      [400, post('/shout', { a: 1 }, json)],
      [400, new Request(url('/echo'), { method: 'POST', body: '{', ...json })],
      [400, new Request(url('/%ff'))],
      [404, post('/nothing', 1, json)],
      [405, new Request(url('/echo'))],
      [413, post('/echo', 'x'.repeat(20), json)],
      [414, new Request(url(`/${'x'.repeat(9_000)}`))],
      [415, post('/echo', 1)],
      [501, post('/converse', 1, json)],
    ] as const) {
      const response = await server.fetch(request)
      assert.equal(response.status, status, request.url)
      assert.equal(response.headers.get('content-type'), 'application/problem+json')
      assert.equal(((await response.json()) as { status: number }).status, status)
    }
  })

  it('says what a path takes', async () => {
    const { server } = serverOf()
    const response = await server.fetch(new Request(url('/echo'), { method: 'OPTIONS' }))
    assert.deepEqual([response.status, response.headers.get('allow'), response.body], [204, 'OPTIONS, POST', null])
    const wrong = await server.fetch(new Request(url('/echo'), { method: 'DELETE' }))
    assert.equal(wrong.headers.get('allow'), 'OPTIONS, POST')
  })

  it('sends 204 for nothing, and the head alone to HEAD', async () => {
    const { server } = serverOf({ echo: () => undefined }, { mount: [httpHandler('/x', () => new Response('abc'))] })
    const nothing = await server.fetch(post('/echo', 1))
    assert.deepEqual([nothing.status, nothing.body], [204, null])
    const head = await server.fetch(new Request(url('/x'), { method: 'HEAD' }))
    assert.deepEqual([head.status, head.body], [200, null])
  })

  it('streams NDJSON, or events to whoever asks for them', async () => {
    const { server } = serverOf()
    const response = await server.fetch(post('/count', { to: 2 }))
    assert.equal(response.headers.get('content-type'), 'application/x-ndjson')
    assert.equal(await response.text(), '{"n":1}\n{"n":2}\n')
    const events = await server.fetch(post('/count', { to: 1 }, { headers: { accept: 'text/event-stream' } }))
    assert.equal(events.headers.get('content-type'), 'text/event-stream')
    assert.equal(await events.text(), 'data: {"n":1}\n\nevent: end\ndata:\n\n')
  })

  it('begins a stream before its first message, and beats while it is silent', async () => {
    const { clock, server } = serverOf(
      {
        async *count(_, ctx) {
          await ctx.clock.sleep(20_000, ctx)
          yield { n: 1 }
        },
      },
      { streamLimits: { firstMs: Infinity } },
    )
    const begun = server.fetch(post('/count', { to: 1 }, { headers: { accept: 'text/event-stream' } }))
    // As long as a head waits for the first message.
    await clock.advance(250)
    const response = await begun
    const reading = response.text()
    await clock.advance(19_750)
    assert.equal(await reading, ':\n\ndata: {"n":1}\n\nevent: end\ndata:\n\n')
    assert.equal(server.stats.inFlight, 0)
    assert.equal(clock.pending, 0)
  })

  it('lets a handler write no faster than its reader reads', async () => {
    let written = 0
    const padding = 'x'.repeat(1_000)
    const { clock, server } = serverOf({
      async *count({ to }) {
        for (; written < to; written++) yield { n: written, padding }
      },
    })
    const response = await server.fetch(post('/count', { to: 1_000 }))
    await clock.settle()
    assert.ok(written < 50, `${written} messages were written, and none was read`)
    assert.equal((await response.text()).split('\n').length, 1_001)
  })

  it('closes the handler when the response is canceled', async () => {
    let closed = false
    const { clock, server } = serverOf({
      async *count() {
        try {
          for (let n = 0; ; n++) yield { n }
        } finally {
          closed = true
        }
      },
    })
    const response = await server.fetch(post('/count', { to: 0 }))
    const reader = response.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    await clock.settle()
    assert.deepEqual([closed, server.stats.inFlight], [true, 0])
  })

  it('tells the handler when the caller goes, and resolves all the same', async () => {
    const { causes, echo } = hanging()
    const { clock, server } = serverOf({ echo })
    const controller = new AbortController()
    const response = server.fetch(post('/echo', 1, { signal: controller.signal }))
    await clock.settle()
    assert.equal(server.stats.inFlight, 1)
    controller.abort()
    assert.equal((await response).status, 499)
    await clock.settle()
    assert.deepEqual([causes.length, server.stats.inFlight, clock.pending], [1, 0, 0])
  })

  it('runs nothing for a caller that has gone already', async () => {
    const { server } = serverOf()
    assert.equal((await server.fetch(post('/echo', 1, { signal: AbortSignal.abort() }))).status, 499)
    assert.equal(server.stats.served, 0)
  })

  it('keeps the deadline of the caller', async () => {
    const { causes, echo } = hanging()
    const { clock, server } = serverOf({ echo })
    const response = server.fetch(post('/echo', 1, { headers: { 'request-timeout-ms': '50' } }))
    await clock.advance(50)
    assert.equal((await response).status, 504)
    assert.equal(causes.length, 1)
  })

  it('refuses a body that does not come in time', async () => {
    const { clock, server } = serverOf({}, { requestTimeoutMs: 100 })
    const init = { method: 'POST', body: new ReadableStream(), duplex: 'half' }
    const response = server.fetch(new Request(url('/echo'), init as RequestInit))
    await clock.advance(100)
    assert.equal((await response).status, 408)
  })

  it('answers where something of its own fails', async () => {
    const { server } = serverOf(
      {},
      {
        peer: () => {
          throw new Error('secret')
        },
      },
    )
    const response = await server.fetch(post('/echo', 1))
    assert.equal(response.status, 500)
    assert.doesNotMatch(await response.text(), /secret/)
    const used = post('/echo', 1)
    await used.text()
    assert.match(await (await serverOf().server.fetch(used)).text(), /give it a clone/)
    const bad = httpEndpoint(async () => 1, { method: 'GET', path: '/bad', encode: () => ({ headers: { a: 'b\nc' } }) })
    assert.equal((await fetchServer({ mount: [bad], onError: () => {} }).fetch(new Request(url('/bad')))).status, 500)
  })

  it('serves what is mounted, without a contract', async () => {
    const server = fetchServer({
      mount: [
        httpEndpoint(async (message) => message, { method: 'POST', path: '/raw' }),
        [httpHandler('/page', (request) => new Response(new URL(request.url).pathname))],
      ],
    })
    assert.equal(await (await server.fetch(post('/raw', [1]))).text(), '[1]\n')
    assert.equal(await (await server.fetch(new Request(url('/page')))).text(), '/page')
    assert.equal((await server.fetch(post('/echo', 1))).status, 404)
    assert.throws(() => fetchServer({ maxBodyBytes: 0 }), RangeError)
  })

  it('shows the handler URL and peer', async () => {
    const seen: unknown[] = []
    const peer = (_: Request, ...more: readonly unknown[]) => String(more[0])
    const { server } = serverOf(
      { echo: (_, ctx) => void seen.push(ctx.get(httpRequest), ctx.get(inbound).peer) },
      { peer },
    )
    await server.fetch(post('/echo?a=b', 1, { headers: { host: 'a.test' } }), 'somebody')
    assert.deepEqual(seen, [{ method: 'POST', target: '/echo?a=b', host: 'a.test', secure: false }, 'somebody'])
  })

  it('sends what handlers set, but trailers, which fetch does not have', async () => {
    const { server } = serverOf({
      echo: (message, ctx) => {
        reply(ctx)
          .setStatus(202)
          .setHeader('x-one', '1')
          .setCookie('a', 'b')
          .setCookie('c', 'd')
          .setTrailer('x-two', '2')
        return message
      },
    })
    const response = await server.fetch(post('/echo', 1))
    assert.deepEqual([response.status, response.headers.get('x-one'), response.headers.get('x-two')], [202, '1', null])
    assert.equal(response.headers.getSetCookie().length, 2)
    assert.equal(await response.text(), '1\n')
  })
})

describe('fetchServer, at its end', () => {
  it('refuses new calls, and waits for those in flight and for the last piece to be read', async () => {
    const { clock, server } = serverOf({
      async *count(_, ctx) {
        await ctx.clock.sleep(300, ctx)
        yield { n: 1 }
      },
    })
    const begun = server.fetch(post('/count', { to: 1 }))
    await clock.advance(250)
    const response = await begun
    let closed = false
    const closing = server.close().then(() => {
      closed = true
    })
    const refused = await server.fetch(post('/echo', 1))
    assert.equal(refused.status, 503)
    assert.equal(((await refused.json()) as { retry: string }).retry, 'safe')
    await clock.advance(200)
    assert.deepEqual([server.stats.inFlight, closed], [0, false])
    assert.equal(await response.text(), '{"n":1}\n')
    await closing
    assert.equal(clock.pending, 0)
  })

  it('calls off what does not end, and cuts off who does not read', async () => {
    const { causes, echo } = hanging()
    const { clock, server } = serverOf({ echo }, { drainMs: 1_000 })
    const open = server.fetch(post('/echo', 1))
    const unread = await server.fetch(post('/count', { to: 5 }))
    const slow = { method: 'POST', body: new ReadableStream(), duplex: 'half' }
    const never = server.fetch(new Request(url('/echo'), slow as RequestInit))
    await clock.settle()
    const closing = server.close()
    assert.equal(server.close(), closing)
    await clock.advance(1_000)
    assert.equal((await open).status, 503)
    assert.equal(causes.length, 1)
    await clock.advance(500)
    await closing
    await assert.rejects(unread.text())
    assert.equal((await never).status, 499)
    assert.equal(clock.pending, 0)
  })
})

describe('peers', () => {
  const request = new Request(url('/'))

  it('are those that Bun tells', () => {
    const server = {
      at: { address: '::1', port: 7, family: 'IPv6' },
      requestIP() {
        return this.at
      },
    }
    assert.equal(bunPeer(request, server), '[::1]:7')
    assert.equal(bunPeer(request, { requestIP: () => null }), '')
    assert.equal(bunPeer(request), '')
  })

  it('are those that Deno tells', () => {
    assert.equal(denoPeer(request, { remoteAddr: { transport: 'tcp', hostname: '192.0.2.1', port: 7 } }), '192.0.2.1:7')
    assert.equal(denoPeer(request, { remoteAddr: { transport: 'unix', path: '/a' } }), '')
    assert.equal(denoPeer(request), '')
  })
})

/** A runtime that serves by the Fetch standard, as small as can be: node:http turned into Requests and Responses. */
function runtimeOf({ fetch }: FetchServer) {
  return createServer((incoming, outgoing) => void answer(incoming, outgoing))

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const controller = new AbortController()
    outgoing.once('close', () => {
      if (!outgoing.writableFinished) controller.abort()
    })
    const { method = '', headers, socket } = incoming
    const body = headers['content-length'] === undefined && headers['transfer-encoding'] === undefined
    const init = {
      method,
      headers: Object.entries(headers).map(([name, value]) => [name, String(value)] as [string, string]),
      body: body ? null : bodyOf(incoming),
      duplex: 'half',
      signal: controller.signal,
    }
    const request = new Request(`http://${headers.host}${incoming.url}`, init as RequestInit)
    const response = await fetch(request, { remoteAddr: { hostname: socket.remoteAddress, port: socket.remotePort } })
    outgoing.writeHead(response.status, [...response.headers].flat())
    outgoing.flushHeaders()
    try {
      for await (const piece of response.body ?? []) {
        if (!outgoing.write(piece)) await once(outgoing, 'drain', { signal: controller.signal })
      }
      outgoing.end()
    } catch {
      outgoing.destroy()
    }
  }
}

function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const pieces = incoming.iterator({ destroyOnReturn: false })
  return new ReadableStream({
    async pull(stream) {
      const { done, value } = await pieces.next()
      if (done) stream.close()
      else stream.enqueue(value)
    },
    cancel: () => void incoming.resume(),
  })
}

/** Lets what is on its way between two sockets of this process arrive. */
async function arrive(clock: ManualClock): Promise<void> {
  for (let turn = 0; turn < 300; turn++) await clock.settle()
}

function harness(clock: ManualClock): TransportHarness {
  return {
    clock,
    without: ['bidiStream'],
    tellsSizes: true,
    async pass(ms) {
      await arrive(clock)
      await clock.advance(ms)
      await arrive(clock)
    },
    async serve(served, options) {
      const server = fetchServer(conformance, served, { ...options, peer: denoPeer })
      const node = runtimeOf(server).listen(0, '127.0.0.1')
      await once(node, 'listening')
      const { port } = node.address() as AddressInfo
      return {
        client: (clientOptions) => httpClient(conformance, { baseUrl: `http://127.0.0.1:${port}`, ...clientOptions }),
        async close() {
          await server.close()
          const closed = node.listening ? once(node, 'close') : undefined
          node.close()
          await arrive(clock)
          node.closeAllConnections()
          await closed
        },
        inFlight: () => server.stats.inFlight,
      }
    },
  }
}

/** Cases of the suite that the Fetch standard rules out, each with the reason. */
const excluded: Readonly<Record<string, string>> = {
  'gives the caller the headers and trailers of the reply, also of an error and of a stream':
    'a Response has no trailers; its headers are proven below',
}

describe('fetchServer, behind a runtime', () => {
  for (const { name, run } of transportCases) {
    if (!Object.hasOwn(excluded, name)) it(name, () => run(harness(manualClock())))
  }

  it('leaves out of the suite only what is in it', () => {
    const names = transportCases.map(({ name }) => name)
    assert.deepEqual(
      Object.keys(excluded).filter((name) => !names.includes(name)),
      [],
    )
  })

  it('gives the caller the headers of the reply, also of an error and of a stream', async () => {
    const clock = manualClock()
    const { serve } = harness(clock)
    const header = (ctx: Context) => reply(ctx).setHeader('x-served-by', 'a').setTrailer('x-took', '5')
    const handlers: Partial<Handlers<Conformance>> = {
      echo: (message, ctx) => {
        header(ctx)
        if (message === 'bad') throw new Error('secret')
        return message
      },
      count(message, ctx) {
        header(ctx)
        return quietHandlers.count(message, ctx)
      },
    }
    const served = endpoints(conformance, { ...quietHandlers, ...handlers })
    const server = await serve(served, { clock, drainMs: 0, onError: () => {} })
    await using client = server.client({ clock })
    const got: (string | null | undefined)[] = []
    const ctx = rootContext({ clock })
    const options = { ctx, onHeaders: (headers: Metadata) => got.push(headers.get('x-served-by')) }
    await client.echo('good', options)
    await assert.rejects(client.echo('bad', options))
    for await (const _ of await client.count({ to: 1 }, options));
    await server.close()
    assert.deepEqual(got, ['a', 'a', 'a'])
  })
})
