// Tests of http-inbound.ts: what a handler finds in its context when the call came over HTTP.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { callContext, carriedHeaders, rootContext, servedContext } from '../../core/context.ts'
import { Inbound, inbound, requestId } from '../../core/inbound.ts'
import { noMethod } from '../../core/method.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import type { Exchange, ExchangePeer } from './exchange.ts'
import { clientCertificate, HttpInbound, httpRequest, lastEventId } from './http-inbound.ts'

const clock = manualClock()

function exchange(headers: Readonly<Record<string, string>> = {}, peer: Partial<ExchangePeer> = {}): Exchange {
  return {
    method: 'GET',
    target: '/a%20b?c=1',
    headers: new Map(Object.entries(headers)),
    peer: { address: '10.0.0.1:80', secure: false, certificate: undefined, ...peer },
    listener: undefined,
    onDone: undefined,
    readBody: () => assert.fail(),
    openBody: () => assert.fail(),
    send: () => assert.fail(),
    start: () => assert.fail(),
  }
}

const served = (call: Inbound) => servedContext(rootContext({ clock }), noMethod, Infinity, call)
const over = (...given: Parameters<typeof exchange>) => served(new HttpInbound(exchange(...given), true))

describe('HttpInbound', () => {
  it('says who called, and what headers came', () => {
    const { headers, peer, trusted } = over({ 'x-a': '1' }).get(inbound)
    assert.deepEqual([headers.get('x-a'), peer, trusted], ['1', '10.0.0.1:80', true])
    assert.equal(over({ 'request-id': 'r-1' }).get(requestId), 'r-1')
  })

  it('leaves to the server the headers that say where a message ends', () => {
    const call = new HttpInbound(exchange(), false)
    const names = ['Connection', 'content-length', 'CONTENT-LENGTH', 'keep-alive', 'transfer-encoding', 'upgrade', 'TE']
    for (const name of [...names, 'trailer', 'proxy-connection']) {
      assert.throws(() => call.setHeader(name, '1'), { name: 'TypeError', message: /set by the server itself/ })
    }
    assert.throws(() => call.setTrailer('Content-Length', '5'), TypeError)
    assert.throws(() => call.setTrailer('transfer-encoding', 'chunked'), TypeError)
    assert.deepEqual([...(call.replyHeaders ?? [])], [])
    call.setHeader('X-Connection', '1').setHeader('content-type', 'text/plain').setHeader('content-language', 'en')
    assert.deepEqual([...(call.replyHeaders?.keys() ?? [])], ['x-connection', 'content-type', 'content-language'])
  })

  it('refuses a header that would begin another one', () => {
    const call = new HttpInbound(exchange(), false)
    assert.throws(() => call.setHeader('x', 'a\r\nset-cookie: b'), TypeError)
    assert.throws(() => call.setHeader('x\r\ny', 'a'), TypeError)
  })
})

describe('httpRequest', () => {
  it('is the verb, the target as it was sent, and what the caller called this server', () => {
    assert.deepEqual(over({ host: 'shop.example:8080' }, { secure: true }).get(httpRequest), {
      method: 'GET',
      target: '/a%20b?c=1',
      host: 'shop.example:8080',
      secure: true,
    })
  })

  it('has no host when the caller sent none', () => {
    assert.equal(over().get(httpRequest)?.host, '')
  })
})

describe('clientCertificate', () => {
  it('is what the caller has shown', () => {
    const certificate = new Uint8Array([1, 2])
    assert.equal(over({}, { certificate }).get(clientCertificate), certificate)
    assert.equal(over().get(clientCertificate), undefined)
  })
})

describe('lastEventId', () => {
  it('is the id that the browser saw last, empty when there is none', () => {
    assert.equal(over({ 'last-event-id': 'e-7' }).get(lastEventId), 'e-7')
    assert.equal(over().get(lastEventId), '')
    assert.equal(served(new HttpInbound({ ...exchange(), headers: new Headers() }, true)).get(lastEventId), '')
  })
})

describe('these keys', () => {
  it('say nothing of a call that did not come over HTTP, nor outside of any call', () => {
    for (const ctx of [served(new Inbound(new Map(), 'peer', true)), rootContext({ clock })]) {
      assert.deepEqual(
        [ctx.get(httpRequest), ctx.get(clientCertificate), ctx.get(lastEventId)],
        [undefined, undefined, ''],
      )
    }
  })

  it('stay at this hop', () => {
    const ctx = over({ host: 'a', 'last-event-id': 'e-7' }, { certificate: new Uint8Array([1]) })
    const next = callContext(ctx, noMethod, Infinity)
    assert.deepEqual(
      [next.get(httpRequest), next.get(clientCertificate), next.get(lastEventId)],
      [undefined, undefined, ''],
    )
    assert.deepEqual([...(carriedHeaders(next)?.keys() ?? [])].includes('last-event-id'), false)
  })
})
