// Tests of memory-call.ts: two clocks, codecs that fail, and time that has run out; the rest is in conformance.test.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../../core/context.ts'
import { contextKey } from '../../core/context-key.ts'
import { clientStream, contract, serverStream, unary } from '../../core/contract.ts'
import { endpoints } from '../../core/endpoints.ts'
import { ServiceError } from '../../core/errors.ts'
import { inbound, reply } from '../../core/inbound.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { type Codec, jsonCodec } from '../codec.ts'
import { memoryClient } from './client.ts'
import { memoryServer } from './server.ts'

const svc = contract('svc', { echo: unary.of<unknown, unknown>(), left: unary.of<void, number>() })

describe('a call on the in-memory wire', () => {
  it('tells the other end how much time is left, whatever that end calls now', async () => {
    const near = manualClock({ startAt: 1_000 })
    const far = manualClock({ startAt: 500_000 })
    const served = endpoints(svc, { echo: (message) => message, left: (_, ctx) => ctx.remainingMs() })
    await using server = await memoryServer(svc, served, { clock: far }).listen()
    await using client = memoryClient(svc, { server, clock: near })
    assert.equal(await client.left(undefined, { timeoutMs: 750 }), 750)
  })

  it('is the fault of the caller when the request cannot be encoded, and of the server when the response cannot', async () => {
    const served = endpoints(svc, { echo: () => 1n, left: () => 0 })
    const onError = () => {}
    await using server = await memoryServer(svc, served, { codec: jsonCodec(), onError }).listen()
    await using client = memoryClient(svc, { server })
    await assert.rejects(client.echo(1n), { code: 'invalid_argument' })
    await assert.rejects(client.echo(1), { code: 'internal', message: 'internal error' })
    assert.equal(server.stats.inFlight, 0)
  })

  it('shares no error object between its ends', async () => {
    const thrown = new ServiceError('not_found', 'gone', { cause: new Error('secret') })
    const served = endpoints(svc, {
      echo: () => {
        throw thrown
      },
      left: () => 0,
    })
    await using server = await memoryServer(svc, served).listen()
    await using client = memoryClient(svc, { server })
    const caught = await client.echo(1).catch((error: unknown) => error)
    assert.ok(caught instanceof ServiceError && caught !== thrown && caught.cause === undefined)
    assert.equal(thrown.remote, undefined)
  })

  it('goes on whatever the caller does with headers and trailers', async () => {
    const served = endpoints(svc, {
      echo: (message, ctx) => {
        reply(ctx).setHeader('x-a', '1').setTrailer('x-b', '2')
        return message
      },
      left: () => 0,
    })
    const seen: unknown[] = []
    await using server = await memoryServer(svc, served, { onError: (event) => seen.push(event) }).listen()
    await using client = memoryClient(svc, { server })
    const uncaught: unknown[] = []
    const throwing = () => {
      throw new Error('mine')
    }
    const queue = globalThis.queueMicrotask
    globalThis.queueMicrotask = (run) => uncaught.push(run)
    try {
      assert.equal(await client.echo('a', { onHeaders: throwing, onTrailers: throwing }), 'a')
    } finally {
      globalThis.queueMicrotask = queue
    }
    assert.deepEqual([uncaught.length, seen.length, server.stats.inFlight], [2, 0, 0])
  })

  it('carries the details of an error as bytes when there is a codec', async () => {
    const served = endpoints(svc, {
      echo: () => {
        throw new ServiceError('aborted', 'so', { details: { at: new Date(0) } })
      },
      left: () => {
        throw new ServiceError('aborted', 'so', { details: 1n })
      },
    })
    await using server = await memoryServer(svc, served, { codec: jsonCodec() }).listen()
    await using client = memoryClient(svc, { server })
    await assert.rejects(client.echo(1), { code: 'aborted', details: { at: '1970-01-01T00:00:00.000Z' } })
    await assert.rejects(client.left(), { code: 'aborted', message: 'so', details: undefined })
  })

  it('gives one call no way to put headers into another', async () => {
    const served = endpoints(svc, {
      echo: (_, ctx) => {
        const { headers } = ctx.get(inbound) as unknown as { headers: { set?: unknown } }
        return typeof headers.set
      },
      left: () => 0,
    })
    await using server = await memoryServer(svc, served).listen()
    await using client = memoryClient(svc, { server })
    assert.equal(await client.echo(1), 'undefined')
  })

  it('sends an error of whatever subclass as what it is, and nothing of its own toJSON', async () => {
    class Odd extends ServiceError {
      override toJSON(): never {
        throw new Error('secret')
      }
    }
    const branded = { [Symbol.for('servicekit.ServiceError')]: true, code: 'nonsense' }
    const served = endpoints(svc, {
      echo: (which) => {
        throw which === 'odd' ? new Odd('not_found', 'gone') : branded
      },
      left: () => 0,
    })
    await using server = await memoryServer(svc, served, { onError: () => {} }).listen()
    await using client = memoryClient(svc, { server })
    await assert.rejects(client.echo('odd'), { code: 'not_found', message: 'gone' })
    await assert.rejects(client.echo('branded'), { code: 'internal', message: 'internal error' })
  })

  it('fails for values of scope wire that are too long to travel, and loses none silently', async () => {
    const big = contextKey('big', { scope: 'wire', fallback: '' })
    const served = endpoints(svc, { echo: () => 'ran', left: () => 0 })
    await using server = await memoryServer(svc, served).listen()
    await using client = memoryClient(svc, { server })
    const ctx = rootContext().with(big, '€'.repeat(1000))
    await assert.rejects(client.echo(1, ctx), { code: 'invalid_argument', message: /value of big .* 8192 bytes/ })
  })

  it('reports a response that does not survive the codec as the fault of the server', async () => {
    const seen: unknown[] = []
    const served = endpoints(svc, { echo: () => JSON.parse('{"__proto__":1}'), left: () => 0 })
    const onError = ({ error }: { error: ServiceError }) => void seen.push(error.code)
    await using server = await memoryServer(svc, served, { codec: jsonCodec(), onError }).listen()
    await using client = memoryClient(svc, { server })
    await assert.rejects(client.echo(1), { code: 'internal' })
    assert.deepEqual(seen, ['internal'])
  })

  it('ends for a request or a response in a stream that cannot be encoded, and the server hears of its own', async () => {
    const flow = contract('flow', { up: clientStream.of<unknown, string>(), down: serverStream.of<void, unknown>() })
    const seen: string[] = []
    const served = endpoints(flow, {
      up: async (requests) => {
        try {
          for await (const _ of requests);
        } catch {
          return 'as if that were all'
        }
        return 'all'
      },
      async *down() {
        yield 1
        yield 1n
      },
    })
    const onError = ({ method }: { method: { name: string } }) => void seen.push(method.name)
    await using server = await memoryServer(flow, served, { codec: jsonCodec(), onError }).listen()
    await using client = memoryClient(flow, { server })
    const up = client.up(
      (async function* () {
        yield 1
        yield 1n
      })(),
    )
    await assert.rejects(up, { code: 'invalid_argument' })
    const down = (await client.down())[Symbol.asyncIterator]()
    assert.equal((await down.next()).value, 1)
    await assert.rejects(down.next(), { code: 'internal' })
    assert.ok(seen.includes('down'))
    assert.equal(server.stats.inFlight, 0)
  })

  it('is not sent when no time is left', async () => {
    const clock = manualClock()
    const served = endpoints(svc, { echo: (message) => message, left: () => 0 })
    await using server = await memoryServer(svc, served, { clock }).listen()
    await using client = memoryClient(svc, { server, clock })
    using ctx = rootContext({ clock, deadlineAt: 0 })
    await assert.rejects(client.echo(1, ctx), { code: 'deadline_exceeded' })
    assert.deepEqual([server.stats.served, clock.pending], [0, 0])
  })

  it('reads nothing more of a codec than it is asked to', async () => {
    let decoded = 0
    const codec: Codec = {
      contentType: 'text/plain',
      encode: (message) => new TextEncoder().encode(String(message)),
      decode: (bytes) => {
        decoded++
        return new TextDecoder().decode(bytes)
      },
    }
    const served = endpoints(svc, { echo: (message) => `${message}!`, left: () => 0 })
    await using server = await memoryServer(svc, served, { codec }).listen()
    await using client = memoryClient(svc, { server })
    assert.equal(await client.echo('a'), 'a!')
    assert.equal(decoded, 2)
  })
})
