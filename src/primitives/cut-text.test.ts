// Tests of cut-text.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { cutText } from './cut-text.ts'

describe('cutText', () => {
  it('leaves alone what fits', () => {
    assert.equal(cutText('Grüße', 7), 'Grüße')
    assert.equal(cutText('', 0), '')
  })

  it('ends a text before the character that does not fit', () => {
    assert.equal(cutText('Grüße', 6), 'Grüß')
    assert.equal(cutText('Grüße', 5), 'Grü')
    assert.equal(cutText('a🚀', 4), 'a')
    assert.equal(cutText('🚀', 3), '')
  })

  it('keeps as much as there is room for', () => {
    const cut = fc.tuple(fc.string({ unit: 'binary' }), fc.nat(40))
    fc.assert(
      fc.property(cut, ([text, maxBytes]) => {
        const kept = cutText(text, maxBytes)
        assert.ok(text.startsWith(kept) && Buffer.byteLength(kept) <= maxBytes)
        const [next = ''] = text.slice(kept.length)
        if (kept !== text) assert.ok(Buffer.byteLength(kept + next) > maxBytes - 4)
      }),
      { seed: 8 },
    )
  })
})
