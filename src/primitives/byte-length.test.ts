// Tests of byte-length.ts: the length is that of the bytes, whatever the text and however long it is.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { byteLength } from './byte-length.ts'

const encoded = (text: string) => new TextEncoder().encode(text).length

describe('byteLength', () => {
  it('is that of the text in UTF-8, with lone surrogates in it too', () => {
    for (const [text, bytes] of [
      ['', 0],
      ['a', 1],
      ['é', 2],
      ['世', 3],
      ['🚀', 4],
      ['\ud83d', 3],
      ['\udc00a', 4],
    ] as const) {
      assert.equal(byteLength(text), bytes, JSON.stringify(text))
    }
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => byteLength(text) === encoded(text)))
  })

  it('is that of a text of any length', () => {
    for (const chars of [1_364, 1_365, 1_366, 4_096, 100_000])
      for (const char of ['a', 'é', '世']) assert.equal(byteLength(char.repeat(chars)), encoded(char) * chars)
  })

  it('is that of bytes as they are', () => {
    assert.equal(byteLength(new Uint8Array(7)), 7)
    assert.equal(byteLength(new Uint8Array(0)), 0)
  })
})
