// Tests of http-call.ts: what goes back beside a response, how errors and streams are written, and how time is limited.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import type { Context } from '../../core/context.ts'
import { contract, serverStream, unary } from '../../core/contract.ts'
import { endpoints } from '../../core/endpoints.ts'
import { ServiceError } from '../../core/errors.ts'
import { reply } from '../../core/inbound.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { httpRequest, lastEventId } from './http-inbound.ts'
import { type HttpServerOptions, httpServer } from './server.ts'

const svc = contract('svc', { call: unary.of<unknown, unknown>(), flow: serverStream.of<void, unknown>() })
type Call = (input: unknown, ctx: Context) => unknown
type Flow = (input: unknown, ctx: Context) => AsyncIterable<unknown>

async function serve({ call, flow, ...options }: HttpServerOptions & { call?: Call; flow?: Flow }) {
  const served = endpoints(svc, { call: call ?? ((input) => input), flow: flow ?? async function* () {} })
  const server = await httpServer(svc, served, { onError: () => {}, ...options }).listen({ host: '127.0.0.1' })
  const begin = async (path: string, headers: Record<string, string> = {}, body?: string): Promise<IncomingMessage> => {
    const sent = request(`${server.url}${path}`, { method: 'POST', headers, agent: false }).end(body)
    const [answer] = await once(sent, 'response')
    return answer
  }
  const ask = async (path: string, headers: Record<string, string> = {}, body?: string) => {
    const answer = await begin(path, headers, body)
    const received = await text(answer)
    return { status: answer.statusCode, headers: answer.headers, trailers: answer.trailers, text: received }
  }
  return { server, begin, ask, [Symbol.asyncDispose]: () => server.close() }
}

describe('a reply over HTTP', () => {
  it('has the status, headers, cookies and trailers that the handler sets', async () => {
    await using serving = await serve({
      call: (_, ctx) => {
        reply(ctx).setStatus(202).setHeader('X-Own', '1').setHeader('content-type', 'application/vnd.own+json')
        reply(ctx).setCookie('a', '1').setCookie('b', '2').setTrailer('x-sum', '42')
        return 'é'
      },
    })
    const { status, headers, trailers, text } = await serving.ask('/call')
    assert.deepEqual([status, headers['x-own'], text], [202, '1', '"é"\n'])
    assert.equal(headers['content-type'], 'application/vnd.own+json')
    assert.deepEqual(
      headers['set-cookie']?.map((cookie) => cookie.slice(0, 3)),
      ['a=1', 'b=2'],
    )
    assert.equal(trailers['x-sum'], '42')
  })

  it('has headers and cookies beside an error too, but neither its status nor its type', async () => {
    await using serving = await serve({
      call: (_, ctx) => {
        reply(ctx).setStatus(201).setHeader('x-own', '1').setHeader('content-type', 'text/plain').setCookie('a', '1')
        throw new ServiceError('not_found', 'gone')
      },
    })
    const { status, headers } = await serving.ask('/call')
    assert.deepEqual([status, headers['x-own']], [404, '1'])
    assert.equal(headers['content-type'], 'application/problem+json')
    assert.equal(headers['set-cookie']?.length, 1)
  })

  it('has no header that the server itself sets, and no second message behind it', async () => {
    await using serving = await serve({
      call: (name, ctx) => {
        reply(ctx).setHeader(String(name), '5')
        return 'sent'
      },
    })
    for (const name of ['Content-Length', 'transfer-encoding', 'connection']) {
      assert.equal((await serving.ask('/call', {}, JSON.stringify(name))).status, 500, name)
    }
  })

  it('has no body where its status has none', async () => {
    await using serving = await serve({
      call: (status, ctx) => {
        reply(ctx).setStatus(Number(status))
        return 'much'
      },
    })
    for (const status of [204, 304]) {
      const { headers, text, ...answer } = await serving.ask('/call', {}, String(status))
      assert.deepEqual([answer.status, text, headers['content-length']], [status, '', undefined])
    }
  })

  it('is an error, and nothing of the response, when that cannot be encoded', async () => {
    await using serving = await serve({ call: () => ({ secret: 1n }) })
    const { status, text } = await serving.ask('/call')
    assert.deepEqual([status, JSON.parse(text).code], [500, 'internal'])
    assert.doesNotMatch(text, /secret|BigInt/)
  })
})

describe('an error over HTTP', () => {
  it('is a problem document with code, message, details and what is known of a retry', async () => {
    const options = { details: { field: 'a' }, retryAfterMs: 1_200, retry: 'safe' } as const
    await using serving = await serve({
      call: () => {
        throw new ServiceError('resource_exhausted', 'too much', { ...options, cause: new Error('secret') })
      },
    })
    const { status, headers, text } = await serving.ask('/call')
    assert.deepEqual([status, headers['retry-after']], [429, '2'])
    assert.deepEqual(JSON.parse(text), {
      type: 'about:blank',
      title: 'resource_exhausted',
      status: 429,
      detail: 'too much',
      code: 'resource_exhausted',
      ...options,
    })
  })

  it('says nothing of what a handler throws besides, and nothing of details that are no JSON', async () => {
    await using serving = await serve({
      call: (which) => {
        if (which === 'plain') throw new Error('secret')
        throw new ServiceError('aborted', 'so', { details: 1n })
      },
    })
    const plain = await serving.ask('/call', {}, '"plain"')
    assert.equal(plain.status, 500)
    assert.doesNotMatch(plain.text, /secret/)
    const { details, code } = JSON.parse((await serving.ask('/call', {}, '"odd"')).text)
    assert.deepEqual([code, details], ['aborted', undefined])
  })

  it('is the fault of the caller when the body is no JSON', async () => {
    await using serving = await serve({})
    for (const body of ['{', '{"a":1}x', '\ufeff1']) {
      const { status, text } = await serving.ask('/call', {}, body)
      assert.deepEqual([status, JSON.parse(text).code], [400, 'invalid_argument'], body)
    }
  })
})

describe('the time of a call over HTTP', () => {
  it('ends when its caller says, at the longest maxTimeoutMs after it came', async () => {
    const clock = manualClock()
    const lefts: number[] = []
    let entered = Promise.withResolvers<void>()
    const call: Call = (_, ctx) => {
      lefts.push(ctx.remainingMs())
      entered.resolve()
      return new Promise(() => {})
    }
    await using serving = await serve({ call, clock, maxTimeoutMs: 1_000 })
    for (const [header, limitMs] of [
      ['50', 50],
      ['999999', 1_000],
      ['soon', 1_000],
    ] as const) {
      entered = Promise.withResolvers()
      const answer = serving.ask('/call', { 'request-timeout-ms': header })
      await entered.promise
      await clock.advance(limitMs)
      const { status, text } = await answer
      assert.deepEqual([status, JSON.parse(text).code], [504, 'deadline_exceeded'], header)
    }
    assert.deepEqual(lefts, [50, 1_000, 1_000])
    assert.equal(clock.pending, 0)
  })
})

describe('a stream over HTTP', () => {
  const twoThenFail: Flow = async function* () {
    yield { n: 1 }
    yield 'two\nlines'
    throw new ServiceError('data_loss', 'broke')
  }

  it('is JSON, one value a line, with a marked problem document at the end of one that failed', async () => {
    await using serving = await serve({ flow: twoThenFail })
    const { status, headers, text } = await serving.ask('/flow')
    assert.deepEqual([status, headers['content-type']], [200, 'application/x-ndjson'])
    const [first, second, problem, rest] = text.split('\n')
    assert.deepEqual([first, second, rest], ['{"n":1}', '"two\\nlines"', ''])
    assert.equal(problem?.[0], '\x1e')
    assert.equal(JSON.parse(problem.slice(1)).code, 'data_loss')
  })

  it('is Server-Sent Events for whoever asks, with ids, an end, and the id that a browser saw last', async () => {
    const seen: string[] = []
    await using serving = await serve({
      async *flow(_, ctx) {
        seen.push(ctx.get(lastEventId))
        yield { n: 1 }
      },
      eventId: (message) => `id-${(message as { n: number }).n}`,
    })
    const { headers, text } = await serving.ask('/flow', { accept: 'text/event-stream', 'last-event-id': 'id-0' })
    assert.deepEqual([headers['content-type'], headers['cache-control']], ['text/event-stream', 'no-cache'])
    assert.equal(text, 'id: id-1\ndata: {"n":1}\n\nevent: end\ndata:\n\n')
    assert.deepEqual(seen, ['id-0'])
  })

  it('tells a browser of a failure as an event of its own', async () => {
    await using serving = await serve({ flow: twoThenFail })
    const { text } = await serving.ask('/flow', { accept: 'text/event-stream' })
    assert.match(text, /^data: \{"n":1\}\n\ndata: "two\\nlines"\n\nevent: error\ndata: \{.*"data_loss".*\}\n\n$/)
  })

  it('of events beats while it is silent, and no longer than it lasts', async () => {
    const clock = manualClock()
    const gate = Promise.withResolvers<void>()
    const flow: Flow = async function* () {
      yield 1
      await gate.promise
    }
    await using serving = await serve({ flow, clock, heartbeatMs: 100 })
    const answer = await serving.begin('/flow', { accept: 'text/event-stream' })
    assert.equal(String((await once(answer, 'data'))[0]), 'data: 1\n\n')
    const beat = once(answer, 'data')
    await clock.advance(100)
    assert.equal(String((await beat)[0]), ':\n\n')
    gate.resolve()
    await once(answer, 'end')
    assert.equal(clock.pending, 0)
  })

  it('has headers and status of its own, and trailers at its end', async () => {
    await using serving = await serve({
      async *flow(_, ctx) {
        reply(ctx).setStatus(203).setHeader('x-own', '1')
        yield 1
        reply(ctx).setTrailer('x-count', '1')
      },
    })
    const { trailers, text } = await serving.ask('/flow')
    assert.deepEqual([text, trailers['x-count']], ['1\n', '1'])
  })

  it('is called off for the handler when its reader goes', async () => {
    const gone = Promise.withResolvers<unknown>()
    await using serving = await serve({
      async *flow(_, ctx) {
        ctx.onAbort(gone.resolve)
        yield 1
        await gone.promise
      },
    })
    const answer = await serving.begin('/flow')
    await once(answer, 'data')
    answer.destroy()
    assert.equal(((await gone.promise) as ServiceError).code, 'canceled')
  })
})

describe('httpRequest', () => {
  it('is what was asked for, as it was sent', async () => {
    await using serving = await serve({ call: (_, ctx) => ctx.get(httpRequest) })
    const { text } = await serving.ask('/call?b=%20&a', { host: 'own.test:81' }, '{}')
    const line = { method: 'POST', target: '/call?b=%20&a', host: 'own.test:81', secure: false }
    assert.deepEqual(JSON.parse(text), line)
  })
})
