// Tests of pick.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../../core/context.ts'
import { TriedInstances, triedInstances } from '../../core/tried-instances.ts'
import { seededRandom } from '../../primitives/random.ts'
import { type PickOrder, picker } from './pick.ts'

const instances = ['a', 'b', 'c'].map((id) => ({ id }))

function picked(order: PickOrder, count: number, perCall = 1): string[] {
  const pick = picker(instances, order, seededRandom(1))
  return Array.from({ length: count }, () => {
    const ctx = rootContext().with(triedInstances, new TriedInstances())
    return Array.from({ length: perCall }, () => pick(ctx).id).join('')
  })
}

describe('picker', () => {
  it('picks in turn', () => assert.deepEqual(picked('round_robin', 5), ['a', 'b', 'c', 'a', 'b']))

  it('picks by chance, each as often', () => {
    const all = picked('random', 3_000)
    for (const { id } of instances) {
      const share = all.filter((one) => one === id).length / all.length
      assert.ok(Math.abs(share - 1 / 3) < 0.03, `${id} ${share}`)
    }
  })

  it('picks none that the call has been sent to while there is another one', () => {
    for (const order of ['round_robin', 'random'] as const) {
      for (const attempts of picked(order, 200, 5)) assert.equal(new Set(attempts.slice(0, 3)).size, 3, attempts)
    }
  })

  it('goes on in turn where others were picked meanwhile', () => {
    const pick = picker(instances, 'round_robin', seededRandom(1))
    const first = rootContext().with(triedInstances, new TriedInstances())
    const other = rootContext().with(triedInstances, new TriedInstances())
    const ids = [first, other, other, first, first].map((ctx) => pick(ctx).id)
    assert.deepEqual(ids, ['a', 'b', 'c', 'b', 'c'])
  })

  it('picks the only one again and again', () => {
    const pick = picker([{ id: 'a' }], 'random', seededRandom(1))
    assert.deepEqual([pick(rootContext()).id, pick(rootContext()).id], ['a', 'a'])
  })
})
