// Tests of tag-list.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { plainText, tagList } from './tag-list.ts'

describe('tagList', () => {
  it('is keys and values, in the order given', () => {
    assert.equal(
      tagList([
        ['method', 'sum'],
        ['code', 'ok'],
      ]),
      'method:sum,code:ok',
    )
    assert.equal(tagList([]), '')
  })

  it('replaces what would end a tag or the line, and nothing else', () => {
    for (const value of ['a,b', 'a|b', 'a\nb', 'a\rb', 'a\0b', 'a\x7fb', 'a\u0085b', 'a\u2028b'])
      assert.equal(tagList([['k', value]]), 'k:a_b')
    for (const value of ['http://x:1/y?a=b', 'a b', '#a', 'a@b', 'Grüße', '🚀', 'a\\n'])
      assert.equal(tagList([['k', value]]), `k:${value}`)
  })

  it('leaves out tags without a value', () => {
    assert.equal(
      tagList([
        ['a', ''],
        ['b', '1'],
        ['c', ''],
      ]),
      'b:1',
    )
  })

  it('ends long tags, and not within a character', () => {
    assert.equal(tagList([['k', 'x'.repeat(1_000)]]), `k:${'x'.repeat(198)}`)
    assert.equal(tagList([['k', '🚀'.repeat(500)]]), `k:${'🚀'.repeat(99)}`)
    assert.equal(tagList([['ab', '🚀'.repeat(500)]]), `ab:${'🚀'.repeat(98)}`)
  })

  it('is read again tag by tag, whatever is in the values', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', minLength: 1 })), (values) => {
        const list = tagList(values.map((value, index) => [`k${index}`, value]))
        assert.ok(list.isWellFormed() && !/[|\n\r]/.test(list))
        const keys = list === '' ? [] : list.split(',').map((tag) => tag.split(':', 1)[0])
        assert.deepEqual(
          keys,
          values.map((_, index) => `k${index}`),
        )
      }),
      { seed: 8 },
    )
  })
})

describe('plainText', () => {
  it('ends neither a field nor a line', () => {
    assert.equal(plainText('a|b,c\nd:e'), 'a_b_c_d:e')
  })
})
