import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { errorOf } from './error-of.ts'

class Unreadable extends Error {
  override get message(): string {
    throw new Error('no')
  }
}

describe('errorOf', () => {
  it('gives an Error as it is', () => {
    const error = new TypeError('a')
    assert.equal(errorOf(error), error)
  })

  it('makes one of anything else', () => {
    const texts = ['a', undefined, null, 5, Symbol('s'), {}].map((thrown) => errorOf(thrown).message)
    assert.deepEqual(texts, ['a', 'undefined', 'null', '5', 'Symbol(s)', '[object Object]'])
  })

  it('makes one of what cannot be shown', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const odd = Object.assign(new Error('a'), { message: 5 })
    for (const thrown of [Object.create(null), { toString: null, valueOf: null }, new Unreadable(), odd, proxy]) {
      const error = errorOf(thrown)
      assert.equal(error.message, 'what was thrown cannot be shown')
      assert.equal(error.cause, thrown)
    }
  })
})
