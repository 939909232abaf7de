import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isRefusal } from '../core/refusals.ts'
import { limitReached, tooHeavy } from './limit-reached.ts'

describe('limitReached', () => {
  it('is safe to repeat, and says after how long where that is known', () => {
    const { code, retry, retryAfterMs } = limitReached(20)
    assert.deepEqual({ code, retry, retryAfterMs }, { code: 'resource_exhausted', retry: 'safe', retryAfterMs: 20 })
    assert.equal(limitReached(Infinity).retryAfterMs, undefined)
    assert.equal(limitReached().retryAfterMs, undefined)
    assert.ok(isRefusal(limitReached()))
  })

  it('keeps what led to it', () => {
    const cause = new Error('their words')
    assert.equal(limitReached(1, cause).cause, cause)
  })
})

describe('tooHeavy', () => {
  it('is not to be repeated', () => {
    assert.equal(tooHeavy(6, 5).retry, 'never')
    assert.match(tooHeavy(6, 5).message, /counts for 6, .* no more than 5 at once/)
  })
})
