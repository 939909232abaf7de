import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkPrefix } from './check-prefix.ts'

describe('checkPrefix', () => {
  it('takes letters, digits, _, - and dots, and none of them', () => {
    for (const prefix of ['', 'shop.', 'a-B_9.']) assert.equal(checkPrefix(prefix), prefix)
  })

  it('refuses all else', () => {
    for (const prefix of ['a b', 'a:', 'ä.', 'a\n', 7 as never])
      assert.throws(() => checkPrefix(prefix), /^TypeError: prefix must be letters, digits, _, - and dots, but is /)
  })
})
