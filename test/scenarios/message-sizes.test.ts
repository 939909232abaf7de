// What a middleware learns of the sizes of messages, over real HTTP: both ends hear the same, and it is what went over the wire.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { clientStream, contract, endpoints, reply, ServiceError, serverStream, unary } from 'servicekit'
import { eventually } from 'servicekit/testing/eventually'
import { recordSizes, type SizeRecorder } from 'servicekit/testing/recorder'
import { httpCall } from 'servicekit/transport/http/call'
import { type HttpClientOptions, httpClient } from 'servicekit/transport/http/client'
import { httpEndpoint } from 'servicekit/transport/http/endpoint'
import { httpHandler } from 'servicekit/transport/http/handler'
import { type HttpServer, httpServer } from 'servicekit/transport/http/server'

const shop = contract('shop', {
  order: unary.of<unknown, unknown>(),
  find: unary.of<{ id: string; page?: number }, unknown>({ http: { method: 'GET', path: '/orders/:id' } }),
  follow: serverStream.of<{ to: number }, unknown>(),
  upload: clientStream.of<unknown, number>(),
})

let served: SizeRecorder
let called: SizeRecorder
let server: HttpServer
beforeEach(async () => {
  served = recordSizes()
  called = recordSizes()
  const handlers = endpoints(
    shop,
    {
      order: (input, ctx) => {
        if (input === 'bad') throw new ServiceError('not_found', 'nö')
        if (input === 'trailing') reply(ctx).setTrailer('x-sum', '1')
        return input === 'quiet' ? undefined : input
      },
      find: ({ id }) => ({ id }),
      async *follow({ to }) {
        for (let n = 1; n <= to; n++) yield 'ä'.repeat(n)
        if (to === 0) throw new ServiceError('not_found', 'nö')
      },
      upload: countOf,
    },
    { use: [served] },
  )
  const bytes = async function* () {
    yield 'abc'
    yield new Uint8Array(4)
  }
  const mount = [
    httpEndpoint<unknown, unknown>(
      served(async (message) => message),
      { method: 'POST', path: '/json' },
    ),
    httpEndpoint<{ stream: AsyncIterable<Uint8Array> }, AsyncIterable<string | Uint8Array>>(
      served(async ({ stream }) => {
        await countOf(stream)
        return bytes()
      }),
      { method: 'POST', path: '/raw', body: 'stream', decode: (message) => message, encode: (body) => ({ body }) },
    ),
    httpEndpoint<number, number>(
      served(async (pieces) => pieces),
      { method: 'POST', path: '/pieces', body: 'stream', decode: ({ stream }) => countOf(stream) },
    ),
    httpHandler('/page', () => new Response('päge')),
  ]
  server = await httpServer(shop, handlers, { maxBodyBytes: 1_000, onError: () => {}, mount }).listen({
    host: '127.0.0.1',
  })
})
afterEach(() => server.close())

const client = (options?: Partial<HttpClientOptions>) =>
  httpClient(shop, { baseUrl: server.url, use: [called], ...options })

/** What the caller sent and received, once the server has heard the same. */
async function both(): Promise<(readonly number[])[]> {
  await eventually(() => served.sent.length === called.received.length)
  assert.deepEqual([served.received, served.sent], [called.sent, called.received])
  return [called.sent, called.received]
}

async function countOf(stream: AsyncIterable<unknown>): Promise<number> {
  let count = 0
  for await (const _ of stream) count++
  return count
}

describe('the sizes of messages over HTTP', () => {
  it('are those of both bodies of a call', async () => {
    await using shopping = client()
    await shopping.order({ text: 'ä' })
    assert.deepEqual(await both(), [[13], [14]])
    await shopping.order('trailing')
    await shopping.order('quiet')
    assert.deepEqual(await both(), [
      [13, 10, 7],
      [14, 11, 0],
    ])
  })

  it('are 0 for a request that is all in its path and query', async () => {
    await using shopping = client()
    await shopping.find({ id: '7', page: 2 })
    assert.deepEqual(await both(), [[0], [11]])
  })

  it('are those of each message of a stream', async () => {
    await using shopping = client()
    await countOf(await shopping.follow({ to: 3 }))
    assert.deepEqual(await both(), [[8], [4, 6, 8]])
    const parts = async function* () {
      yield 'ä'
      yield { n: 1 }
    }
    assert.equal(await shopping.upload(parts()), 2)
    assert.deepEqual(await both(), [
      [8, 4, 7],
      [4, 6, 8, 2],
    ])
  })

  it('are those of the messages and not of the events around them', async () => {
    const headers = { accept: 'text/event-stream', 'content-type': 'application/json' }
    const response = await fetch(`${server.url}/follow`, { method: 'POST', headers, body: '{"to":2}' })
    assert.match(await response.text(), /^data: "ä"\n\n[\s\S]*event: end/)
    assert.deepEqual([served.received, served.sent], [[8], [4, 6]])
  })

  it('hold that of the document which says what went wrong', async () => {
    await using shopping = client()
    await assert.rejects(shopping.order('bad'), { code: 'not_found' })
    await assert.rejects(shopping.follow({ to: 0 }).then(countOf), { code: 'not_found' })
    const [sent, received = []] = await both()
    assert.deepEqual(sent, [5, 8])
    assert.ok(received.length === 2 && received.every((bytes) => bytes > 100))
  })

  it('are told to the caller alone of a request that the server refuses for its size', async () => {
    await using shopping = client()
    await assert.rejects(shopping.order('x'.repeat(2_000)), { code: 'invalid_argument' })
    assert.deepEqual(called.sent, [2_002])
    assert.equal(called.received.length, 1)
    assert.deepEqual([served.received, served.sent], [[], []])
  })

  it('are told to the server alone of a reply that the caller refuses for its size', async () => {
    await using shopping = client({ maxReplyBytes: 10 })
    await assert.rejects(shopping.order('x'.repeat(20)), { code: 'internal' })
    assert.deepEqual([served.received, served.sent], [[22], [23]])
    assert.deepEqual([called.sent, called.received], [[22], []])
  })

  it('are those of one call, and not of those that its handler makes', async () => {
    await using inner = client()
    const { order, find, follow, upload } = inner
    const proxied = endpoints(shop, { order, find, follow, upload }, { use: [served] })
    await using proxy = await httpServer(shop, proxied).listen({ host: '127.0.0.1' })
    await using outer = httpClient(shop, { baseUrl: proxy.url })
    await outer.order('abc')
    assert.deepEqual([called.sent, called.received], [[5], [6]])
    assert.deepEqual(
      [served.received, served.sent],
      [
        [5, 5],
        [6, 6],
      ],
    )
  })

  it('are those of whole bodies where there is no contract', async () => {
    const options = { method: 'POST', use: [called] }
    await using json = httpCall({ url: `${server.url}/json`, ...options })
    await json({ text: 'ä' })
    assert.deepEqual(await both(), [[13], [14]])
    await using raw = httpCall<AsyncIterable<Uint8Array>, AsyncIterable<Uint8Array>>({
      url: `${server.url}/raw`,
      ...options,
      reply: 'stream',
      encode: (body) => ({ body }),
    })
    const pieces = async function* () {
      yield new Uint8Array(500)
      yield new Uint8Array(600)
    }
    await countOf(await raw(pieces()))
    assert.deepEqual(await both(), [
      [13, 1_100],
      [14, 7],
    ])
  })

  it('hold that of a body which was read before anybody watched', async () => {
    await using pieces = httpCall<string>({ method: 'POST', url: `${server.url}/pieces`, use: [called] })
    await pieces('abc')
    assert.deepEqual(await both(), [[5], [2]])
  })

  it('are told to the caller of whatever server it calls', async () => {
    await using page = httpCall<void, string>({
      method: 'GET',
      url: `${server.url}/page`,
      use: [called],
      decode: (answer) => answer.text(),
    })
    assert.equal(await page(), 'päge')
    assert.deepEqual([called.sent, called.received], [[0], [5]])
  })
})
