// Tests of bit-set.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { BitSet } from './bit-set.ts'

describe('BitSet', () => {
  it('has the lowest member that a Set has', () => {
    const change = fc.record({ member: fc.nat({ max: 129 }), add: fc.boolean() })
    fc.assert(
      fc.property(fc.array(change, { minLength: 20, maxLength: 100 }), (changes) => {
        const bits = new BitSet(130)
        const members = new Set<number>()
        for (const { member, add } of changes) {
          bits[add ? 'add' : 'delete'](member)
          members[add ? 'add' : 'delete'](member)
          assert.equal(bits.lowest(), members.size === 0 ? -1 : Math.min(...members))
        }
      }),
    )
  })

  it('finds every member it can hold', () => {
    for (let member = 0; member < 130; member++) {
      const bits = new BitSet(130)
      bits.add(member)
      assert.equal(bits.lowest(), member)
    }
  })
})
