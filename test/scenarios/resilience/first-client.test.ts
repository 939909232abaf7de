// The first client of the guide, with nothing configured, against a server that is slow, then dead, then back: what its user sees at each step.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ServiceError } from 'servicekit'
import { clientPipeline } from 'servicekit/presets/client-pipeline'
import { attemptErrors } from 'servicekit/resilience/attempts'
import { eventually } from 'servicekit/testing/eventually'
import { httpClient } from 'servicekit/transport/http/client'
import { shop, shopServer } from './shop-server.ts'

/** What a busy machine may take beyond a limit. */
const graceMs = 1_000
const tea = { item: 'tea' }

interface Seen {
  readonly tookMs: number
  readonly response: unknown
  readonly error: ServiceError | undefined
}

/** What the caller of one call sees. */
async function seen(call: () => Promise<unknown>): Promise<Seen> {
  const beganAt = performance.now()
  const end = (response: unknown, error?: ServiceError) => ({ tookMs: performance.now() - beganAt, response, error })
  try {
    return end(await call())
  } catch (thrown) {
    assert.ok(thrown instanceof ServiceError, String(thrown))
    return end(undefined, thrown)
  }
}

function said({ error }: Seen): readonly unknown[] {
  return [error?.code, error?.message, error?.retry]
}

const textsOf = ({ error }: Seen) => (error === undefined ? [] : attemptErrors(error).map(({ message }) => message))

function isAbout({ tookMs }: Seen, ms: number): void {
  assert.ok(tookMs >= ms - 10 && tookMs < ms + graceMs, `it took ${tookMs} ms, not ${ms}`)
}

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Counts those who come to a port where nobody serves. */
async function visitors(port: number): Promise<AsyncDisposable & { readonly count: number }> {
  let count = 0
  const server = createServer((socket) => {
    count++
    socket.destroy()
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    get count() {
      return count
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  }
}

describe('the first client, with nothing configured', () => {
  it('waits for a slow server as long as a call may take, and asks again only where that does no harm', async () => {
    await using server = await shopServer()
    await using client = httpClient(shop, { baseUrl: server.url, pipeline: clientPipeline() })
    assert.deepEqual(await Promise.all([client.price(tea), client.order(tea)]), [3, 'one tea'])
    await server.takes(3_000)
    const [price, order, shortPrice, shortOrder] = await Promise.all([
      seen(() => client.price(tea)),
      seen(() => client.order(tea)),
      seen(() => client.price(tea, { timeoutMs: 1_000 })),
      seen(() => client.order(tea, { timeoutMs: 1_000 })),
    ])
    // Three attempts of two seconds each, the last of which is cut short by the limit of the call.
    // The server sees the same moments as deadlines, and what it says of them may come first.
    const [code, text, retry] = said(price)
    assert.deepEqual([code, retry], ['deadline_exceeded', 'never'])
    assert.match(String(text), /the deadline passed \((?:2 attempts failed before|3 attempts)\)$/)
    assert.equal(textsOf(price).length, 3)
    for (const each of textsOf(price)) assert.match(each, /^no response came within 2000 ms$|the deadline passed$/)
    isAbout(price, 5_000)
    // What could not be repeated is not cut short.
    assert.equal(order.response, 'one tea')
    isAbout(order, 3_000)
    // The caller's own limit comes first.
    assert.deepEqual(said(shortPrice), ['deadline_exceeded', 'shop/price: the deadline passed', 'if_idempotent'])
    assert.deepEqual(said(shortOrder), ['deadline_exceeded', 'shop/order: the deadline passed', 'if_idempotent'])
    for (const short of [shortPrice, shortOrder]) isAbout(short, 1_000)
    assert.deepEqual(await server.served(), { price: 1 + 3 + 1, order: 1 + 1 + 1 })
  })

  it('says that nobody listens, what it tried, and then that it tries no more for a while', async () => {
    const port = await freePort()
    const pipeline = clientPipeline()
    await using client = httpClient(shop, { baseUrl: `http://127.0.0.1:${port}`, pipeline })
    const refused = `could not connect to http://127.0.0.1:${port}: connection refused`
    // Nothing was sent, so that it may be tried again although it is no idempotent method.
    const first = await seen(() => client.order(tea))
    assert.deepEqual(said(first), ['unavailable', `${refused} (3 attempts)`, 'never'])
    assert.deepEqual(textsOf(first), [refused, refused, refused])
    assert.ok(first.tookMs < 500 + graceMs)
    // The fifth failure in a row opens the circuit, in the midst of the second call.
    const second = await seen(() => client.order(tea))
    assert.deepEqual(said(second), ['unavailable', 'the circuit is open (3 attempts)', 'never'])
    assert.deepEqual(textsOf(second), [refused, refused, 'the circuit is open'])
    const third = await seen(() => client.price(tea))
    assert.deepEqual(said(third), ['unavailable', 'the circuit is open', 'safe'])
    assert.equal(third.error?.remote, 'shop/price')
    // Why it is open.
    assert.ok(third.error?.cause instanceof ServiceError && third.error.cause.message === refused)
    assert.equal(pipeline.policies.circuitBreaker?.state(), 'open')
  })

  it('fails fast while its server is dead, and finds out by itself when it is back', async () => {
    const server = await shopServer()
    await using stack = new AsyncDisposableStack()
    stack.use(server)
    const pipeline = clientPipeline()
    const client = stack.use(httpClient(shop, { baseUrl: server.url, pipeline }))
    const breaker = pipeline.policies.circuitBreaker
    assert.equal(await client.price(tea), 3)

    await server.takes(60_000)
    const inFlight = [seen(() => client.price(tea)), seen(() => client.order(tea))] as const
    await eventually(async () => assert.deepEqual(await server.served(), { price: 2, order: 1 }))
    await server.kill()
    const [price, order] = await Promise.all(inFlight)
    const lost = textsOf(order)[0] ?? ''
    assert.match(
      lost,
      /^the connection to http:\/\/127.0.0.1:\d+ was lost before it replied \((UND_ERR_SOCKET|ECONNRESET)\)$/,
    )
    const refused = `could not connect to ${server.url}: connection refused`
    // It may have been done.
    assert.deepEqual(said(order), ['unavailable', lost, 'if_idempotent'])
    assert.deepEqual(said(price), ['unavailable', `${refused} (3 attempts)`, 'never'])
    assert.match(textsOf(price)[0] ?? '', /lost before it replied/)
    assert.deepEqual(textsOf(price).slice(1), [refused, refused])

    const last = await seen(() => client.order(tea))
    const openedAt = performance.now()
    assert.deepEqual(textsOf(last), [refused, 'the circuit is open'])
    assert.equal(breaker?.state(), 'open')
    {
      await using strangers = await visitors(server.port)
      const many = await Promise.all(
        Array.from({ length: 200 }, (_, n) => seen(() => (n % 2 === 0 ? client.price(tea) : client.order(tea)))),
      )
      for (const one of many) {
        assert.deepEqual(said(one), ['unavailable', 'the circuit is open', 'safe'])
        assert.ok((one.error?.retryAfterMs ?? 0) > 0 && (one.error?.retryAfterMs ?? 0) <= 6_000)
      }
      const tookMs = many.map((one) => one.tookMs).sort((a, b) => a - b)
      assert.ok((tookMs[100] ?? Infinity) < 50, `the median is ${tookMs[100]} ms`)
      // Whoever had come would have been seen by now.
      await sleep(100)
      assert.equal(strangers.count, 0)
    }

    const again = stack.use(await shopServer(server.port))
    await eventually(async () => assert.equal(await client.price(tea), 3), 6_000 + 5 * graceMs)
    const closedMs = performance.now() - openedAt
    assert.ok(closedMs >= 4_000 - 10, `it called again after ${closedMs} ms`)
    // Two more probes, and the circuit is closed.
    assert.deepEqual([await client.order(tea), await client.price(tea)], ['one tea', 3])
    assert.equal(breaker?.state(), 'closed')
    assert.deepEqual(await Promise.all(Array.from({ length: 50 }, () => client.price(tea))), Array(50).fill(3))
    assert.ok((await again.served()).price > 50)
  })
})

describe('a client whose calls never cease', () => {
  it('settles each of them in time while its server is slow, dies and comes back, and loses none afterwards', async () => {
    await using stack = new AsyncDisposableStack()
    const server = stack.use(await shopServer())
    const pipeline = clientPipeline({ attemptTimeout: { timeoutMs: 300 }, circuitBreaker: { openMs: 500 } })
    const client = stack.use(httpClient(shop, { baseUrl: server.url, pipeline }))
    const limitMs = 1_000
    const calls: Promise<Seen>[] = []
    /** Calls for so long, a hundred times a second, and gives how these calls ended. */
    const during = async (ms: number): Promise<ReadonlyMap<unknown, number>> => {
      const begun = calls.length
      for (const endAt = performance.now() + ms; performance.now() < endAt; await sleep(10)) {
        const method = calls.length % 2 === 0 ? client.price : client.order
        calls.push(seen(() => method(tea, { timeoutMs: limitMs })))
      }
      const ends = new Map<unknown, number>()
      for (const { error } of await Promise.all(calls.slice(begun)))
        ends.set(error?.code ?? 'ok', (ends.get(error?.code ?? 'ok') ?? 0) + 1)
      return ends
    }
    assert.deepEqual([...(await during(500)).keys()], ['ok'])

    await server.takes(3_000)
    const slow = await during(1_500)
    assert.deepEqual([...slow.keys()].sort(), ['deadline_exceeded', 'unavailable'])

    await server.kill()
    const dead = await during(1_500)
    assert.equal(dead.get('ok'), undefined)
    // On a busy machine even a refused connection may take an attempt's 300 ms now and then.
    assert.ok((dead.get('unavailable') ?? 0) > (dead.get('deadline_exceeded') ?? 0), JSON.stringify([...dead]))

    stack.use(await shopServer(server.port))
    await eventually(async () => {
      await client.price(tea)
      assert.equal(pipeline.policies.circuitBreaker?.state(), 'closed')
    }, 20_000)
    assert.deepEqual([...(await during(500)).keys()], ['ok'])

    for (const { tookMs } of await Promise.all(calls)) assert.ok(tookMs < limitMs + graceMs, `one took ${tookMs} ms`)
  })
})
