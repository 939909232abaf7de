import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { admitted } from './admitted.ts'

const member = (id: number, healthy: boolean, priority?: number) => ({ id, healthy, instance: { priority } })
const ids = (members: readonly { id: number }[]) => members.map(({ id }) => id)

describe('admitted', () => {
  it('is nobody where there is nobody, which is no panic', () => {
    assert.deepEqual(admitted([], 0.5), { members: [], panic: false })
  })

  it('is all, as the list they are, while all are well', () => {
    const all = [member(1, true), member(2, true)]
    assert.equal(admitted(all, 0.5).members, all)
  })

  it('is the healthy ones, down to half of all', () => {
    const half = [member(1, true), member(2, false), member(3, false), member(4, true)]
    assert.deepEqual(ids(admitted(half, 0.5).members), [1, 4])
    const fewer = [member(1, true), member(2, false), member(3, false)]
    assert.deepEqual(admitted(fewer, 0.5), { members: fewer, panic: true })
    assert.deepEqual(ids(admitted(fewer, 0.3).members), [1])
  })

  it('counts all as healthy where none is, however small the share may be', () => {
    const none = [member(1, false), member(2, false)]
    assert.deepEqual(admitted(none, 0), { members: none, panic: true })
  })

  it('is the lowest number of those that can be called', () => {
    const all = [member(1, true, 5), member(2, true, 1), member(3, true, 5), member(4, true, 1)]
    assert.deepEqual(ids(admitted(all, 0.5).members), [2, 4])
    const down = all.map((each) => ({ ...each, healthy: each.instance.priority === 5 }))
    assert.deepEqual(ids(admitted(down, 0.5).members), [1, 3])
    const few = [member(1, false, 1), member(2, false, 1), member(3, false, 5), member(4, false, 5), member(5, true, 5)]
    assert.deepEqual([ids(admitted(few, 0.5).members), admitted(few, 0.5).panic], [[3, 4, 5], true])
    const none = all.map((each) => ({ ...each, healthy: false }))
    assert.deepEqual(ids(admitted(none, 0.5).members), [2, 4])
    assert.equal(admitted(none, 0.5).panic, true)
  })

  it('never leaves nobody where there is somebody, and never mixes priorities', () => {
    const members = fc.array(fc.record({ healthy: fc.boolean(), priority: fc.option(fc.nat(3), { nil: undefined }) }), {
      minLength: 1,
    })
    fc.assert(
      fc.property(members, fc.double({ min: 0, max: 1, noNaN: true }), (given, ratio) => {
        const all = given.map(({ healthy, priority }, at) => member(at, healthy, priority))
        const { members: chosen, panic } = admitted(all, ratio)
        assert.ok(chosen.length > 0)
        assert.equal(new Set(chosen.map(({ instance }) => instance.priority ?? 0)).size, 1)
        if (!panic) assert.ok(chosen.every(({ healthy }) => healthy))
      }),
      { seed: 11 },
    )
  })
})
