// Tests of client-call.ts: what one call sends, and what it makes of each kind of reply.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type CallOptions, callOptions } from '../../core/call-options.ts'
import { type Context, rootContext } from '../../core/context.ts'
import { contextKey } from '../../core/context-key.ts'
import { ServiceError } from '../../core/errors.ts'
import type { Metadata } from '../../core/metadata.ts'
import { watchSizes } from '../../core/watch-sizes.ts'
import type { Exchange, Origin, OutgoingRequest, ReplyListener } from '../../platform/exchange.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import { jsonCodec } from '../codec.ts'
import { ClientCall, type ClientLine, headersOf } from './client-call.ts'
import { problemOf } from './problem.ts'
import type { ReplyTaker } from './reply-taker.ts'

/** An origin whose replies the test makes. */
class FakeOrigin implements Origin, Exchange {
  readonly url = 'http://fake'
  readonly sent: OutgoingRequest[] = []
  readonly aborts: unknown[] = []
  listener: ReplyListener | undefined = undefined

  send(request: OutgoingRequest, listener: ReplyListener): Exchange {
    this.sent.push(request)
    this.listener = listener
    return this
  }

  abort(reason?: unknown): void {
    this.aborts.push(reason)
    this.listener?.onFailure(ServiceError.fromAbort(reason))
  }

  pause(): void {}
  resume(): void {}

  reply(status: number, headers: Readonly<Record<string, string>>, ...body: readonly string[]): void {
    this.listener?.onHead(status, new Map(Object.entries(headers)), this)
    for (const piece of body) this.listener?.onData(new TextEncoder().encode(piece))
    this.listener?.onEnd(undefined)
  }
}

/** Notes what it gets. */
class Taker implements ReplyTaker {
  readonly steps: string[] = []
  error: ServiceError | undefined = undefined
  onHead(status: number): void {
    this.steps.push(`head ${status}`)
  }
  onData(chunk: Uint8Array): void {
    this.steps.push(new TextDecoder().decode(chunk))
  }
  onEnd(): void {
    this.steps.push('end')
  }
  onFailure(error: ServiceError): void {
    this.steps.push('failure')
    this.error = error
  }
}

const json = { 'content-type': 'application/problem+json' }
const request: OutgoingRequest = { method: 'POST', path: '/a', headers: [] }
const lineTo = (origin: Origin, headers: readonly string[] = []): ClientLine => {
  return { origin, verb: 'POST', headers, codec: jsonCodec(), maxReplyBytes: 100 }
}

function called({ ctx, taker = new Taker() }: { ctx?: Context; taker?: Taker & ReplyTaker } = {}) {
  const origin = new FakeOrigin()
  new ClientCall(lineTo(origin), request, ctx ?? rootContext({ clock: manualClock() }), taker)
  return { origin, taker }
}

/** What a reply means. */
function errorOf(status: number, headers: Readonly<Record<string, string>>, ...body: readonly string[]): ServiceError {
  const { origin, taker } = called()
  origin.reply(status, headers, ...body)
  assert.deepEqual(taker.steps, ['failure'])
  assert.ok(taker.error !== undefined)
  return taker.error
}

describe('headersOf', () => {
  const clock = manualClock({ startAt: 100 })
  const of = (ctx: Context, ...own: readonly string[]) => headersOf(lineTo(new FakeOrigin(), own), ctx)
  const withHeaders = (ctx: Context, headers: CallOptions['headers']) => ctx.with(callOptions, { headers })

  it('holds those of the line, the time that is left, and what the context carries', () => {
    const tenant = contextKey('tenant', { scope: 'wire', fallback: '' })
    using ctx = rootContext({ clock, deadlineAt: 350.5 })
    const headers = of(withHeaders(ctx.with(tenant, 'a'), { 'X-Mine': '1' }), 'content-type', 'application/json')
    assert.deepEqual(headers.slice(0, 2), ['content-type', 'application/json'])
    const rest = new Map<string, string>()
    for (let i = 2; i < headers.length; i += 2) rest.set(headers[i] ?? '', headers[i + 1] ?? '')
    assert.deepEqual(Object.fromEntries(rest), { 'request-timeout-ms': '250', baggage: 'tenant=a', 'x-mine': '1' })
  })

  it('has no timeout when there is no deadline', () => {
    assert.deepEqual(of(rootContext({ clock })), [])
  })

  it('sends a header once when the call sets one of the line', () => {
    const ctx = withHeaders(rootContext({ clock }), { Accept: 'text/csv' })
    assert.deepEqual(of(ctx, 'accept', 'application/json', 'a', 'b'), ['accept', 'text/csv', 'a', 'b'])
  })

  it('leaves the line as it is for the next call', () => {
    const own = Object.freeze(['accept', 'application/json'])
    of(withHeaders(rootContext({ clock }), { accept: 'text/csv' }), ...own)
    assert.deepEqual(own, ['accept', 'application/json'])
  })

  it('fails when no time is left, before anything is sent', () => {
    using ctx = rootContext({ clock, deadlineAt: 100 })
    assert.throws(() => of(ctx), { code: 'deadline_exceeded', retry: 'safe' })
  })
})

describe('a good reply', () => {
  it('goes to the taker, whatever its status from 200 to 299', () => {
    for (const status of [200, 204, 299]) {
      const { origin, taker } = called()
      assert.equal(origin.sent[0], request)
      origin.reply(status, json, 'a', 'b')
      assert.deepEqual(taker.steps, [`head ${status}`, 'a', 'b', 'end'])
    }
  })

  it('tells the call of its headers before, and of its trailers after', () => {
    const onHeaders = recorder<Metadata>()
    const onTrailers = recorder<Metadata>()
    const ctx = rootContext({ clock: manualClock() }).with(callOptions, { onHeaders, onTrailers })
    const { origin, taker } = called({ ctx })
    origin.listener?.onHead(200, new Map([['x-a', '1']]), origin)
    assert.equal(onHeaders.events[0]?.get('x-a'), '1')
    origin.listener?.onEnd(new Map([['x-b', '2']]))
    assert.equal(onTrailers.events[0]?.get('x-b'), '2')
    assert.deepEqual(taker.steps, ['head 200', 'end'])
  })
})

describe('any other reply', () => {
  it('is the error of the problem document in it, wherever it was cut', () => {
    const error = new ServiceError('not_found', 'no such user', { details: [1], retry: 'safe', retryAfterMs: 1_234 })
    const { text } = problemOf(error)
    for (const pieces of [[text], [...text], [text.slice(0, 9), text.slice(9)]]) {
      assert.deepEqual(errorOf(404, json, ...pieces).toJSON(), error.toJSON())
    }
  })

  it('takes the code of the document and not that of the status', () => {
    assert.equal(errorOf(500, json, '{"code":"aborted"}').code, 'aborted')
    assert.equal(
      errorOf(500, { 'content-type': 'Application/JSON; charset=utf-8' }, '{"code":"aborted"}').code,
      'aborted',
    )
  })

  it('is what its status means when the document is not one of ours, or cannot be read', () => {
    for (const body of ['{"error":"bad"}', '{"code":"E_BAD"}', '{', '', 'null', '[]', '{"__proto__":{}}']) {
      const error = errorOf(503, json, body)
      assert.deepEqual([error.code, error.message], ['unavailable', 'POST http://fake/a: HTTP status 503'])
    }
  })

  it('is what its status means when it says nothing of JSON, and keeps the beginning of its text', () => {
    const error = errorOf(502, { 'content-type': 'text/html' }, '<h1>', '{"code":"aborted"}')
    const details = { status: 502, type: 'text/html', text: '<h1>{"code":"aborted"}' }
    assert.deepEqual([error.code, error.details], ['unavailable', details])
    assert.equal(errorOf(404, {}, '{"code":"aborted"}').code, 'not_found')
  })

  it('is an error too when it is a redirection', () => {
    assert.equal(errorOf(302, { location: '/b' }).code, 'unknown')
    assert.equal(errorOf(304, {}).code, 'unknown')
  })

  it('says how long to wait, in the words of the document before those of the header', () => {
    const header = { ...json, 'retry-after': '3' }
    assert.equal(errorOf(503, header, '{"code":"unavailable"}').retryAfterMs, 3_000)
    assert.equal(errorOf(503, header, '{"code":"unavailable","retryAfterMs":50}').retryAfterMs, 50)
    assert.equal(errorOf(503, header, '{').retryAfterMs, 3_000)
    assert.equal(errorOf(429, { 'retry-after': '1' }, 'slow down').retryAfterMs, 1_000)
    const date = new Date(Date.UTC(2026, 0, 1) + 7_000).toUTCString()
    assert.equal(errorOf(503, { ...json, 'retry-after': date }, '{"code":"unavailable"}').retryAfterMs, 7_000)
    assert.equal(errorOf(503, { ...json, 'retry-after': 'soon' }, '{"code":"unavailable"}').retryAfterMs, undefined)
  })

  it('keeps the rest of the document when the header says how long to wait', () => {
    const error = errorOf(409, { ...json, 'retry-after': '3' }, '{"code":"aborted","detail":"a","details":{"b":1}}')
    assert.deepEqual([error.code, error.message, error.details], ['aborted', 'a', { b: 1 }])
  })

  it('is read to its end and not kept when it is endless', () => {
    const piece = 'x'.repeat(10_000)
    const error = errorOf(500, { 'content-type': 'text/plain' }, ...Array(1_000).fill(piece))
    assert.equal(error.code, 'internal')
    assert.ok(JSON.stringify(error.details).length < 2_000)
  })

  it('is what the taker makes of it, if it does', () => {
    const own = new ServiceError('data_loss', 'own')
    const taker = Object.assign(new Taker(), {
      errorOf: (status: number, _headers: Metadata, body: Uint8Array) =>
        status === 500 ? new ServiceError('data_loss', new TextDecoder().decode(body)) : undefined,
    })
    const first = called({ taker })
    first.origin.reply(500, {}, 'o', 'wn')
    assert.deepEqual([taker.error?.code, taker.error?.message], [own.code, own.message])
    const second = called({ taker })
    second.origin.reply(404, {})
    assert.equal(taker.error?.code, 'not_found')
  })

  it('tells the call of its headers too', () => {
    const onHeaders = recorder<Metadata>()
    const { origin } = called({ ctx: rootContext({ clock: manualClock() }).with(callOptions, { onHeaders }) })
    origin.reply(404, { 'x-a': '1' })
    assert.equal(onHeaders.events[0]?.get('x-a'), '1')
  })
})

describe('a call', () => {
  it('that is called off calls off its exchange, with the reason', () => {
    const ctx = rootContext({ clock: manualClock() })
    const { origin, taker } = called({ ctx })
    const reason = new ServiceError('canceled', 'enough')
    ctx.cancel(reason)
    assert.deepEqual([origin.aborts, taker.steps, taker.error], [[reason], ['failure'], reason])
  })

  it('whose deadline passes is called off', async () => {
    const clock = manualClock()
    using ctx = rootContext({ clock, deadlineAt: 50 })
    const { origin, taker } = called({ ctx })
    await clock.advance(49)
    assert.equal(origin.aborts.length, 0)
    await clock.advance(1)
    assert.equal(taker.error?.code, 'deadline_exceeded')
  })

  it('whose context was called off before is called off at once', () => {
    const ctx = rootContext({ clock: manualClock() })
    ctx.cancel()
    const { origin, taker } = called({ ctx })
    assert.deepEqual([origin.aborts.length, taker.error?.code], [1, 'canceled'])
  })

  it('that is over no longer listens to its context', () => {
    for (const end of [
      (origin: FakeOrigin) => origin.reply(200, {}),
      (origin: FakeOrigin) => origin.reply(500, {}),
      (origin: FakeOrigin) => origin.listener?.onFailure(new ServiceError('unavailable')),
    ]) {
      const ctx = rootContext({ clock: manualClock() })
      const { origin, taker } = called({ ctx })
      end(origin)
      const steps = [...taker.steps]
      ctx.cancel()
      assert.deepEqual([origin.aborts.length, taker.steps], [0, steps])
    }
  })
})

describe('the sizes of a call', () => {
  const watched = (body: OutgoingRequest['body'], taker: ReplyTaker = new Taker()) => {
    const sizes = { received: recorder<number>(), sent: recorder<number>() }
    const origin = new FakeOrigin()
    const ctx = watchSizes(rootContext({ clock: manualClock() }), sizes)
    new ClientCall(lineTo(origin), { ...request, body }, ctx, taker)
    return { origin, sizes, heard: () => [sizes.sent.events, sizes.received.events] }
  }

  it('are those of both bodies, 0 for none', () => {
    for (const [body, bytes] of [
      ['é', 2],
      [new Uint8Array(3), 3],
      ['', 0],
      [undefined, 0],
    ] as const) {
      const { origin, heard } = watched(body)
      assert.deepEqual(heard(), [[bytes], []])
      origin.reply(200, json, 'a', 'é')
      assert.deepEqual(heard(), [[bytes], [3]])
    }
    const empty = watched(undefined)
    empty.origin.reply(204, {})
    assert.deepEqual(empty.heard(), [[0], [0]])
  })

  it('are told before the reply is taken', () => {
    const taker = new Taker()
    const { origin, sizes } = watched('a', taker)
    taker.onEnd = () => assert.deepEqual(sizes.received.events, [1])
    origin.reply(200, json, 'a')
  })

  it('hold those of an error, however long', () => {
    const { origin, heard } = watched('a')
    origin.reply(502, {}, ...Array(10).fill('x'.repeat(10_000)))
    assert.deepEqual(heard(), [[1], [100_000]])
  })

  it('hold nothing of a reply that is not whole', () => {
    const { origin, heard } = watched('a')
    origin.listener?.onHead(200, new Map(), origin)
    origin.listener?.onData(new Uint8Array(3))
    origin.abort()
    assert.deepEqual(heard(), [[1], []])
  })

  it('are left to those who know, where a body is a stream', () => {
    async function* body() {
      yield new Uint8Array(3)
    }
    const told: unknown[] = []
    const taker = Object.assign(new Taker(), { watch: (sizes: unknown) => void told.push(sizes) })
    const streams = watched(body(), taker)
    assert.equal(told.length, 1)
    streams.origin.reply(200, json, 'a')
    assert.deepEqual(streams.heard(), [[], []])
    const failed = watched(body(), taker)
    failed.origin.reply(500, json, '{}')
    assert.deepEqual(failed.heard(), [[], [2]])
  })
})
