// Tests of name-owners.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { NameOwners } from './name-owners.ts'

describe('NameOwners', () => {
  it('gives each name to one metric, as often as that asks for it', () => {
    const names = new NameOwners('StatsD')
    names.claim('a:b', 'a_b')
    names.claim('a:b', 'a_b')
    names.claim('a.b', 'a.b')
    assert.throws(() => names.claim('a_b', 'a_b'), {
      name: 'TypeError',
      message: 'metric a_b would be a_b to StatsD, as a:b is',
    })
  })
})
