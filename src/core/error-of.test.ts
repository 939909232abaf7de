import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { errorOf } from './error-of.ts'

describe('errorOf', () => {
  it('gives an error as it is, and the text of anything else', () => {
    const error = new TypeError('mine')
    assert.equal(errorOf(error), error)
    assert.equal(errorOf('gone').message, 'gone')
    assert.equal(errorOf(undefined).message, 'undefined')
  })

  it('takes what has no text', () => {
    const bare = Object.create(null)
    const { message, cause } = errorOf(bare)
    assert.equal(message, 'something without a text was thrown')
    assert.equal(cause, bare)
  })
})
