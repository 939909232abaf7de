// Tests of bag.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Bag, type Placed } from './bag.ts'

describe('Bag', () => {
  it('has what was added and not removed', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5)), (steps) => {
        const bag = new Bag<Placed & { name: number }>()
        const all = Array.from({ length: 6 }, (_, name) => ({ name, place: -1 }))
        const model = new Set<number>()
        for (const name of steps) {
          const member = all[name] as (typeof all)[number]
          if (model.has(name)) assert.equal(bag.remove(member), model.delete(name))
          else {
            assert.equal(bag.remove(member), false)
            bag.add(member)
            model.add(name)
          }
        }
        assert.equal(bag.size, model.size)
        assert.deepEqual(bag.members.map(({ name }) => name).toSorted(), [...model].toSorted())
      }),
    )
  })
})
