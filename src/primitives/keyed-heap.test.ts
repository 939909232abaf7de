import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Keyed, KeyedHeap } from './keyed-heap.ts'

const keyed = fc.record({ key: fc.integer({ min: 0, max: 20 }), rank: fc.nat() })
const inOrder = (one: Keyed, other: Keyed) => one.key - other.key || one.rank - other.rank

describe('KeyedHeap', () => {
  it('gives nothing when it is empty', () => {
    const heap = new KeyedHeap()
    assert.equal(heap.lowest, undefined)
    assert.equal(heap.pop(), undefined)
    assert.equal(heap.size, 0)
  })

  it('gives what a sorted list would give, however pushes and pops follow each other', () => {
    fc.assert(
      fc.property(fc.array(fc.option(keyed), { maxLength: 200 }), (steps) => {
        const heap = new KeyedHeap()
        const list: Keyed[] = []
        for (const step of steps) {
          if (step === null) assert.deepEqual(heap.pop(), list.shift())
          else {
            heap.push(step)
            list.push(step)
            list.sort(inOrder)
          }
          assert.deepEqual(heap.lowest, list[0])
          assert.equal(heap.size, list.length)
        }
      }),
      { seed: 7 },
    )
  })
})
