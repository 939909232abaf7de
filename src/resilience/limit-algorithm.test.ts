// Tests of limit-algorithm.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isLimitHalfUsed } from './limit-algorithm.ts'

describe('isLimitHalfUsed', () => {
  it('is true from half of the limit on', () => {
    assert.equal(isLimitHalfUsed({ inFlight: 9, limit: 20 }), false)
    assert.equal(isLimitHalfUsed({ inFlight: 10, limit: 20 }), true)
    assert.equal(isLimitHalfUsed({ inFlight: 10, limit: 20.5 }), false)
    assert.equal(isLimitHalfUsed({ inFlight: 1, limit: 1 }), true)
  })
})
