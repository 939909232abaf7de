// Tests of flat.ts; what it is good for shows in the time that a line of logs takes.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { flat } from './flat.ts'

describe('flat', () => {
  it('gives the same text', () => {
    for (const text of ['', 'a', 'a longer one '.repeat(100) + String.fromCharCode(0x20ac), '1e999']) {
      assert.equal(flat(text), text)
    }
  })
})
