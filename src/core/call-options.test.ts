// Tests of call-options.ts: which headers a caller may add, and the key under which a wire finds the options.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { callOptions, checkHeaders } from './call-options.ts'
import { callContext, rootContext } from './context.ts'
import { metadataLimits } from './metadata.ts'
import { noMethod } from './method.ts'

describe('checkHeaders', () => {
  it('accepts tokens as names and visible ASCII as values', () => {
    checkHeaders({})
    checkHeaders({ 'x-tenant': 'a b', 'X-Upper': '', traceparent: '00-…'.slice(0, 3), "!#$%&'*+-.^_`|~09az": '~' })
  })

  it('refuses what a wire could not carry', () => {
    for (const name of ['', 'a b', 'ä', 'a:b', 'a\n', '__proto__ ']) {
      assert.throws(() => checkHeaders({ [name]: 'x' }), { name: 'TypeError', message: /must be an HTTP token/ })
    }
    for (const value of ['a\nb', 'ä', ' a', 'a ', '\u0000', 5 as never, undefined as never]) {
      assert.throws(() => checkHeaders({ 'x-a': value }), { name: 'TypeError', message: /value of header x-a must be/ })
    }
  })

  it('refuses those that the call itself sets, in any case', () => {
    for (const name of ['request-timeout-ms', 'Request-Attempt', 'REQUEST-TIMEOUT-MS']) {
      assert.throws(() => checkHeaders({ [name]: '1' }), {
        message: /is set by the call itself; use the call's options/,
      })
    }
  })

  it('refuses more than 16 KiB of names and values together', () => {
    const most = metadataLimits.callHeadersBytes
    checkHeaders({ 'x-a': 'x'.repeat(most - 3) })
    checkHeaders({ 'x-a': 'x'.repeat(most / 2), 'x-b': 'x'.repeat(most / 2 - 6) })
    assert.throws(() => checkHeaders({ 'x-a': 'x'.repeat(most - 2) }), { name: 'RangeError', message: /16384 bytes/ })
    assert.throws(() => checkHeaders({ 'x-a': 'x'.repeat(most / 2), 'x-b': 'x'.repeat(most / 2 - 5) }), RangeError)
  })
})

describe('callOptions', () => {
  it('are found in the context of the call, and not in those of calls made for it', () => {
    const options = { timeoutMs: 5 }
    const ctx = rootContext().with(callOptions, options)
    assert.equal(ctx.get(callOptions), options)
    assert.equal(callContext(ctx, noMethod, Infinity).get(callOptions), undefined)
    assert.equal(rootContext().get(callOptions), undefined)
  })
})
