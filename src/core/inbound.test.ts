// Tests of inbound.ts: what a server makes of a caller's word, and what it sends back beside the reply.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext, servedContext } from './context.ts'
import type { ContextKey } from './context-key.ts'
import {
  attempt,
  type Criticality,
  criticality,
  Inbound,
  inbound,
  passedOn,
  reply,
  requestId,
  traceContext,
} from './inbound.ts'
import { type Metadata, metadataLimits } from './metadata.ts'
import { noMethod } from './method.ts'

const call = (headers: Readonly<Record<string, string>> = {}, trusted = false) =>
  new Inbound(new Map(Object.entries(headers)), 'peer', trusted)

const served = (inboundCall: Inbound) => servedContext(rootContext(), noMethod, Infinity, inboundCall)

/** What a key writes of a value. */
function written<T>(key: ContextKey<T>, value: T): Record<string, string> {
  const headers = new Map<string, string>()
  key.wire?.write(value, headers)
  return Object.fromEntries(headers)
}

describe('Inbound.requestId', () => {
  it('is the one that the caller sent, if it is visible ASCII of a decent length', () => {
    const longest = 'x'.repeat(metadataLimits.requestIdChars)
    for (const id of ['1', 'a-b_c.d', '!~', '{"a":1}', longest]) assert.equal(call({ 'request-id': id }).requestId, id)
    assert.equal(new Inbound(new Headers({ 'Request-Id': 'abc' }), '', false).requestId, 'abc')
  })

  it('is a new one when the caller sent none, or one that could not be passed on', () => {
    const unfit = ['', ' ', 'a b', ' a', 'a\n', 'a\r\nb: c', 'a\tb', 'ä', '\0', '\x7f', '€']
    const ids = [...unfit, 'x'.repeat(metadataLimits.requestIdChars + 1)].map(
      (id) => call({ 'request-id': id }).requestId,
    )
    ids.push(call().requestId, new Inbound(new Headers(), '', false).requestId)
    for (const id of ids) assert.match(id, /^[0-9a-f]{16}$/)
    assert.equal(new Set(ids).size, ids.length)
  })

  it('is made when it is first asked for, and is the same from then on', () => {
    let looks = 0
    const headers: Metadata = {
      get: () => {
        looks++
        return undefined
      },
      [Symbol.iterator]: () => assert.fail('read them all'),
    }
    const inboundCall = new Inbound(headers, 'peer', false)
    const ctx = served(inboundCall)
    assert.equal(looks, 0)
    const id = ctx.get(requestId)
    assert.equal(looks, 1)
    assert.deepEqual([ctx.get(requestId), inboundCall.requestId, looks], [id, id, 1])
  })
})

describe('reply', () => {
  it('sets headers and trailers, by lower-case name, the last value of a name', () => {
    const inboundCall = call()
    assert.deepEqual([inboundCall.replyHeaders, inboundCall.replyTrailers], [undefined, undefined])
    const ctx = served(inboundCall)
    reply(ctx).setHeader('X-One', '1').setHeader('x-two', '2').setTrailer('X-Three', '3').setHeader('x-ONE', 'again')
    assert.deepEqual(
      [...(inboundCall.replyHeaders ?? [])],
      [
        ['x-one', 'again'],
        ['x-two', '2'],
      ],
    )
    assert.deepEqual([...(inboundCall.replyTrailers ?? [])], [['x-three', '3']])
  })

  it('keeps a status and any number of cookies', () => {
    const inboundCall = call()
    reply(served(inboundCall)).setStatus(202).setCookie('a', '1').setCookie('a', '2', { secure: false })
    assert.equal(inboundCall.replyStatus, 202)
    assert.deepEqual(inboundCall.replyCookies, [
      'a=1; Path=/; HttpOnly; Secure; SameSite=Lax',
      'a=2; Path=/; HttpOnly; SameSite=Lax',
    ])
    for (const status of [0, 100, 199, 600, 200.5, Number.NaN]) {
      assert.throws(() => inboundCall.setStatus(status), { name: 'RangeError', message: /^status/ })
    }
    const nobody = reply(rootContext())
    assert.equal(nobody.setStatus(201).setCookie('a', '1'), nobody)
    assert.deepEqual(
      [rootContext().get(inbound).replyStatus, rootContext().get(inbound).replyCookies],
      [undefined, undefined],
    )
  })

  it('refuses what could not cross a wire, and keeps what was set before', () => {
    const inboundCall = call()
    const answer = reply(served(inboundCall)).setHeader('a', '1').setTrailer('b', '2')
    for (const [name, value] of [
      ['a', 'x\r\ny: z'],
      ['a:', '1'],
      ['', '1'],
      ['a', 'ä'],
    ] as const) {
      assert.throws(() => answer.setHeader(name, value), TypeError)
      assert.throws(() => answer.setTrailer(name, value), TypeError)
    }
    assert.deepEqual([...(inboundCall.replyHeaders ?? [])], [['a', '1']])
    assert.deepEqual([...(inboundCall.replyTrailers ?? [])], [['b', '2']])
  })

  it('does nothing where no call is served, and keeps nothing', () => {
    const ctx = rootContext()
    const answer = reply(ctx)
    assert.equal(answer.setHeader('a', '1').setTrailer('b', '2'), answer)
    const nobody = rootContext().get(inbound)
    assert.deepEqual([nobody.replyHeaders, nobody.replyTrailers], [undefined, undefined])
  })
})

describe('inbound', () => {
  it('says nothing where no call is served: no id, no peer, no headers, no trust', () => {
    const { headers, peer, trusted, requestId: id } = rootContext().get(inbound)
    assert.deepEqual([[...headers], peer, trusted, id], [[], '', false, ''])
    assert.deepEqual(
      [requestId, traceContext, attempt, criticality].map((key) => rootContext().get(key as ContextKey<unknown>)),
      ['', undefined, 1, 'critical'],
    )
  })
})

describe('requestId', () => {
  it('is written as it is', () => {
    assert.deepEqual(written(requestId, 'abc'), { 'request-id': 'abc' })
  })
})

describe('traceContext', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'

  it('is what the caller sent, and is written just so', () => {
    for (const headers of [{ traceparent }, { traceparent, tracestate: 'rojo=1' }]) {
      const trace = served(call(headers)).get(traceContext)
      assert.equal(trace?.spanId, 'b7ad6b7169203331')
      assert.deepEqual(written(traceContext, trace), headers)
    }
  })

  it('is undefined when the caller sent none that is valid, and writes nothing', () => {
    assert.equal(served(call({ traceparent: 'garbage', tracestate: 'rojo=1' })).get(traceContext), undefined)
    assert.deepEqual(written(traceContext, undefined), {})
  })
})

describe('attempt', () => {
  it('is the number that the caller sent, up to a limit, and 1 for anything else', () => {
    const attempts = ['2', '1000', '1001', '9999999999999999', '0', '-1', '1.5', 'two', '2, 3', ''].map((sent) =>
      served(call({ 'request-attempt': sent })).get(attempt),
    )
    assert.deepEqual(attempts, [2, 1_000, 1_000, 1_000, 1, 1, 1, 1, 1, 1])
  })

  it('is written from the second on', () => {
    assert.deepEqual(
      [0, 1, 2, 30].map((count) => written(attempt, count)),
      [{}, {}, { 'request-attempt': '2' }, { 'request-attempt': '30' }],
    )
  })
})

describe('criticality', () => {
  const levels: readonly Criticality[] = ['critical_plus', 'critical', 'sheddable_plus', 'sheddable']

  it('is what a trusted caller sent, and the usual one for all others', () => {
    for (const level of levels) {
      assert.equal(served(call({ 'request-criticality': level }, true)).get(criticality), level)
      assert.equal(served(call({ 'request-criticality': level }, false)).get(criticality), 'critical')
      assert.deepEqual(written(criticality, level), { 'request-criticality': level })
    }
  })

  it('is the usual one when a trusted caller sent something else', () => {
    for (const sent of ['', 'SHEDDABLE', 'sheddable ', 'none', '0', 'constructor', 'sheddable, critical_plus']) {
      assert.equal(served(call({ 'request-criticality': sent }, true)).get(criticality), 'critical')
    }
  })
})

describe('passedOn', () => {
  it('holds what goes on to every service: all keys that have a header of their own, but not the attempt', () => {
    assert.deepEqual(passedOn, [requestId, traceContext, criticality])
  })
})
