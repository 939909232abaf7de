import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { errorOf } from './error-of.ts'

describe('errorOf', () => {
  it('gives an Error as it is', () => {
    const error = new TypeError('no')
    assert.equal(errorOf(error), error)
  })

  it('makes an Error of anything else', () => {
    assert.deepEqual([errorOf('no').message, errorOf(undefined).message, errorOf(5).message], ['no', 'undefined', '5'])
  })
})
