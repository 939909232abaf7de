// Tests of tags.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkTags, seriesTags } from './tags.ts'

describe('tags', () => {
  it('are those of all metrics, then the labels in their order', () => {
    const tags = { env: 'prod', shard: 3, beta: true }
    const expected = [
      ['env', 'prod'],
      ['shard', '3'],
      ['beta', 'true'],
      ['method', 'sum'],
      ['code', 'ok'],
    ]
    assert.deepEqual(seriesTags(tags, ['method', 'code'], ['sum', 'ok']), expected)
  })

  it('give way to labels of the same name', () => {
    const expected = [
      ['env', 'prod'],
      ['code', 'ok'],
    ]
    assert.deepEqual(seriesTags({ code: 'none', env: 'prod' }, ['code'], ['ok']), expected)
  })

  it('are refused when they are none', () => {
    const refused: readonly (readonly [unknown, RegExp])[] = [
      [null, /^tags must be an object/],
      ['env:prod', /^tags must be an object/],
      [{ 'a b': 1 }, /^tags: a key must be letters, digits, .* but is "a b"$/],
      [{ 'a:b': 1 }, /^tags: a key must be/],
      [{ '': 1 }, /^tags: a key must be/],
      [{ _a: 1 }, /^tags: a key must be/],
      [{ env: undefined }, /^tags: env must be a text, a number or a boolean, but is undefined$/],
      [{ env: {} }, /^tags: env must be a text/],
    ]
    for (const [tags, message] of refused)
      assert.throws(() => checkTags('tags', tags as never), { name: 'TypeError', message })
    const good = { env: 'prod', 'a-b.c/d': 1, x: false }
    assert.equal(checkTags('tags', good), good)
  })
})
