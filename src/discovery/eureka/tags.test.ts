import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { tagsIn, tagsText } from './tags.ts'

describe('tags in one text', () => {
  it('are joined by commas', () => {
    assert.equal(tagsText(['blue', 'v2']), 'blue,v2')
    assert.equal(tagsText(['a,b', '50%', '%2C']), 'a%2Cb,50%25,%252C')
  })

  it('come back as they were', () => {
    const tag = fc.oneof(fc.string(), fc.constantFrom('', ',', '%', '%2C', '%252C', 'é,%25'))
    const property = fc.property(fc.array(tag, { minLength: 1 }), (tags) => {
      assert.deepEqual(tagsIn(tagsText(tags)), tags)
    })
    fc.assert(property, { seed: 8761 })
  })

  it('of others are taken as they are', () => {
    assert.deepEqual(tagsIn('50%,a%20b'), ['50%', 'a%20b'])
  })
})
