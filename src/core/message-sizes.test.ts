// Tests of message-sizes.ts: whoever is told hears of one call, and not of those that are made for it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { callContext, carriedHeaders, rootContext } from './context.ts'
import { messageSizes } from './message-sizes.ts'
import { noMethod } from './method.ts'

describe('messageSizes', () => {
  it('is nobody unless somebody watches, and nobody again for a call to another service', () => {
    const sizes = { received: () => {}, sent: () => {} }
    const ctx = rootContext().with(messageSizes, sizes)
    assert.equal(rootContext().get(messageSizes), undefined)
    assert.equal(ctx.get(messageSizes), sizes)
    assert.equal(callContext(ctx, noMethod, Infinity).get(messageSizes), undefined)
    assert.equal(carriedHeaders(ctx), undefined)
  })
})
