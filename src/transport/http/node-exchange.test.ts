// Tests of node-exchange.ts: how bodies are read within limits, how replies end, and how it hears that its caller has gone.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import type { Context } from '../../core/context.ts'
import { clientStream, contract, serverStream, unary } from '../../core/contract.ts'
import { endpoints } from '../../core/endpoints.ts'
import { inbound, reply } from '../../core/inbound.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import { type HttpServerOptions, httpServer } from './server.ts'

const svc = contract('svc', {
  call: unary.of<unknown, unknown>({
    http: [
      { method: 'POST', path: '/call' },
      { method: 'GET', path: '/call' },
    ],
  }),
  flow: serverStream.of<void, unknown>({ http: { method: 'GET', path: '/flow' } }),
  sum: clientStream.of<number, number>(),
})

interface Handling {
  readonly call?: (input: unknown, ctx: Context) => unknown
  readonly flow?: (input: unknown, ctx: Context) => AsyncIterable<unknown>
}

async function serve({ call, flow, ...options }: HttpServerOptions & Handling = {}) {
  const sum = async (numbers: AsyncIterable<number>) => {
    let total = 0
    for await (const number of numbers) total += number
    return total
  }
  const served = endpoints(svc, { call: call ?? ((input) => input), flow: flow ?? async function* () {}, sum })
  const server = await httpServer(svc, served, { onError: () => {}, ...options }).listen({ host: '127.0.0.1' })
  const open = async (): Promise<Socket> => {
    const socket = connect(server.port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  }
  return { server, open, [Symbol.asyncDispose]: () => server.close() }
}

const head = (line: string, ...headers: string[]) => [`${line} HTTP/1.1`, 'host: x', ...headers, '', ''].join('\r\n')
const last = 'connection: close'

describe('the body of a request', () => {
  it('is whole whatever the pieces it comes in', async () => {
    await using serving = await serve()
    const body = JSON.stringify({ text: 'é'.repeat(50) })
    for (const [length, pieces] of [
      [`content-length: ${Buffer.byteLength(body)}`, [body.slice(0, 20), body.slice(20)]],
      ['transfer-encoding: chunked', [`${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`, '0\r\n\r\n']],
    ] as const) {
      await using socket = await serving.open()
      socket.write(head('POST /call', length, last))
      for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve))
      assert.ok((await text(socket)).endsWith(`\r\n\r\n${body}\n`), length)
    }
  })

  it('may be as large as is allowed, and is refused before it is read when it says that it is larger', async () => {
    await using serving = await serve({ maxBodyBytes: 10 })
    await using exact = await serving.open()
    exact.write(`${head('POST /call', 'content-length: 10', last)}"12345678"`)
    assert.match(await text(exact), /^HTTP\/1\.1 200/)
    await using larger = await serving.open()
    larger.write(head('POST /call', 'content-length: 11'))
    assert.match(await text(larger), /^HTTP\/1\.1 413[\s\S]*connection: close[\s\S]*"invalid_argument"/i)
    assert.equal(serving.server.stats.served, 1)
  })

  it('is refused as soon as it is too large when it does not say so, and the caller hears of it', async () => {
    await using serving = await serve({ maxBodyBytes: 10 })
    await using socket = await serving.open()
    socket.write(`${head('POST /call', 'transfer-encoding: chunked')}6\r\n123456\r\n6\r\n123456\r\n`)
    assert.match(await text(socket), /^HTTP\/1\.1 413[\s\S]*larger than 10 bytes/)
    assert.equal(serving.server.stats.served, 0)
  })

  it('is refused when it does not come in time, as a call that can be repeated', async () => {
    const clock = manualClock()
    await using serving = await serve({ clock, requestTimeoutMs: 500 })
    await using socket = await serving.open()
    socket.write(`${head('POST /call', 'content-length: 10', 'expect: 100-continue')}`)
    assert.match(String((await once(socket, 'data'))[0]), /^HTTP\/1\.1 100/)
    socket.pause()
    socket.write('"1')
    await clock.advance(500)
    assert.match(await text(socket), /^HTTP\/1\.1 408[\s\S]*"deadline_exceeded"[\s\S]*"safe"/)
  })

  it('is asked for only when it will be read', async () => {
    await using serving = await serve({ maxBodyBytes: 10 })
    await using larger = await serving.open()
    larger.write(head('POST /call', 'content-length: 11', 'expect: 100-continue'))
    assert.match(await text(larger), /^HTTP\/1\.1 413/)
    await using nowhere = await serving.open()
    nowhere.write(head('POST /nowhere', 'content-length: 11', 'expect: 100-continue', last))
    assert.match(await text(nowhere), /^HTTP\/1\.1 404/)
    await using odd = await serving.open()
    odd.write(head('POST /call', 'content-length: 1', 'expect: the-unexpected'))
    assert.match(await text(odd), /^HTTP\/1\.1 417/)
  })

  it('that nobody reads keeps nobody from the next reply', async () => {
    await using serving = await serve()
    await using socket = await serving.open()
    const unread = `${head('POST /nowhere', 'content-length: 3')}abc`
    socket.write(`${unread}${head('POST /call', last)}`)
    assert.match(await text(socket), /^HTTP\/1\.1 404[\s\S]*HTTP\/1\.1 204/)
  })

  it('is a stream of lines for a stream of requests', async () => {
    await using serving = await serve()
    await using socket = await serving.open()
    socket.write(`${head('POST /sum', 'transfer-encoding: chunked', last)}3\r\n1\n2\r\n`)
    socket.write('2\r\n\n3\r\n0\r\n\r\n')
    assert.match(await text(socket), /\r\n\r\n6\n$/)
  })
})

describe('replies on one connection', () => {
  it('come in the order of their requests', async () => {
    const gate = Promise.withResolvers<void>()
    await using serving = await serve({
      call: async (input) => {
        if (input === 1) await gate.promise
        else gate.resolve()
        return `reply ${input}`
      },
    })
    await using socket = await serving.open()
    socket.write(`${head('POST /call', 'content-length: 1')}1${head('POST /call', 'content-length: 1', last)}2`)
    assert.match(await text(socket), /reply 1[\s\S]*reply 2/)
  })

  it('leave none of a HEAD or a 204 in the way of the next one', async () => {
    await using serving = await serve()
    await using socket = await serving.open()
    socket.write(`${head('HEAD /flow')}${head('POST /call')}${head('POST /call', 'content-length: 1', last)}7`)
    const answers = (await text(socket)).split(/(?=HTTP\/1\.1 )/)
    assert.deepEqual(
      answers.map((answer) => [answer.slice(9, 12), answer.split('\r\n\r\n')[1]]),
      [
        ['200', ''],
        ['204', ''],
        ['200', '7\n'],
      ],
    )
  })
})

describe('a HEAD', () => {
  it('of a stream that never ends has its reply, and the stream is closed', async () => {
    await using serving = await serve({
      drainMs: 500,
      async *flow() {
        for (;;) yield await new Promise((resolve) => setImmediate(resolve, 'x'))
      },
    })
    await using socket = await serving.open()
    socket.write(head('HEAD /flow', last))
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
    })
    await eventually(() => received.endsWith('\r\n\r\n') && serving.server.stats.inFlight === 0, 1_000)
    assert.match(received, /^HTTP\/1\.1 200/)
  })
})

describe('a caller that goes', () => {
  it('while its call runs calls it off, and nothing is left of it', async () => {
    const entered = Promise.withResolvers<void>()
    const called = Promise.withResolvers<unknown>()
    await using serving = await serve({
      call: (_, ctx) => {
        ctx.onAbort(called.resolve)
        entered.resolve()
        return called.promise
      },
    })
    const socket = await serving.open()
    socket.write(head('GET /call'))
    await entered.promise
    socket.destroy()
    assert.equal(((await called.promise) as { code: string }).code, 'canceled')
    await eventually(() => serving.server.stats.inFlight === 0)
    assert.equal(serving.server.stats.late, 1)
  })

  it('before its body is whole leaves nothing behind', async () => {
    const clock = manualClock()
    await using serving = await serve({ clock })
    const socket = await serving.open()
    socket.write(head('POST /call', 'content-length: 10', 'expect: 100-continue'))
    await once(socket, 'data')
    assert.ok(clock.pending > 0)
    socket.destroy()
    await eventually(() => clock.pending === 0)
    assert.equal(serving.server.stats.served, 0)
  })

  it('is waited for while it does not read', async () => {
    let produced = 0
    await using serving = await serve({
      async *flow() {
        for (; produced < 5_000; produced++) yield 'x'.repeat(10_000)
      },
    })
    await using socket = await serving.open()
    socket.pause().write(head('GET /flow', last))
    const settled = async () => {
      const before = produced
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
      return before > 0 && produced === before
    }
    await eventually(settled)
    assert.ok(produced < 5_000, `${produced} were produced`)
    let bytes = 0
    for await (const chunk of socket) bytes += chunk.length
    assert.equal(produced, 5_000)
    assert.ok(bytes > 50_000_000)
  })
})

describe('what is known of a request', () => {
  it('is its headers, those sent twice joined, and where it came from', async () => {
    await using serving = await serve({
      call: (_, ctx) => {
        const { headers, peer } = ctx.get(inbound)
        return [headers.get('x-list'), headers.get('cookie'), headers.get('x-none') ?? 'none', peer]
      },
    })
    await using socket = await serving.open()
    const address = `127.0.0.1:${socket.localPort}`
    socket.write(head('GET /call', 'X-List: a', 'x-list: b', 'cookie: c=1', last))
    const [, body = ''] = (await text(socket)).split('\r\n\r\n')
    assert.deepEqual(JSON.parse(body), ['a, b', 'c=1', 'none', address])
  })
})

describe('the size of a reply', () => {
  it('is told as it goes out: 0 for a status that has no body, and to HEAD', async () => {
    const sizes = { received: recorder<number>(), sent: recorder<number>() }
    await using serving = await serve({
      call: (_, ctx) => {
        const call = ctx.get(inbound)
        call.sizes = sizes
        reply(ctx).setStatus(Number(call.headers.get('x-status')))
        return 'é'
      },
    })
    for (const [verb, status] of [
      ['GET', 200],
      ['GET', 204],
      ['HEAD', 200],
    ] as const) {
      await using socket = await serving.open()
      socket.write(head(`${verb} /call`, `x-status: ${status}`, last))
      await text(socket)
    }
    assert.deepEqual([sizes.sent.events, sizes.received.events], [[5, 0, 0], []])
  })

  it('is none for a caller that has gone', async () => {
    const sizes = { received: recorder<number>(), sent: recorder<number>() }
    const entered = Promise.withResolvers<void>()
    await using serving = await serve({
      call: (_, ctx) => {
        ctx.get(inbound).sizes = sizes
        entered.resolve()
        return new Promise((_, reject) => ctx.onAbort(reject))
      },
    })
    const socket = await serving.open()
    socket.write(head('GET /call'))
    await entered.promise
    socket.destroy()
    await eventually(() => serving.server.stats.inFlight === 0)
    assert.deepEqual(sizes.sent.events, [])
  })
})
