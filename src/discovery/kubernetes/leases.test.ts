import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Leases } from './leases.ts'

const ttlMs = 900
const at = (renewedAt: number) => ({ ttlMs, renewedAt })

describe('Leases', () => {
  it('has one gone that is silent while another one renews', () => {
    const leases = new Leases()
    leases.list(
      [
        ['a', at(0)],
        ['b', at(0)],
      ],
      0,
    )
    const gone: [number, readonly string[]][] = []
    for (let now = 300; now <= 1_500; now += 300) {
      leases.see('a', at(now), now)
      const keys = leases.judge(now)
      if (keys.length > 0) gone.push([now, keys])
    }
    // Late at 600, at which half of its TTL had passed, and gone half of one later.
    assert.deepEqual(gone, [[1_200, ['b']]])
    assert.deepEqual([leases.isGone('a'), leases.isGone('b'), leases.isGone('c')], [false, true, false])
  })

  it('has nobody gone while nothing is written, and gives all half of a TTL when something is', () => {
    const leases = new Leases()
    leases.list(
      [
        ['a', at(0)],
        ['b', at(0)],
        ['c', at(0)],
      ],
      0,
    )
    leases.see('a', at(100_000), 100_000)
    assert.deepEqual(leases.judge(100_000), [])
    leases.see('b', at(100_400), 100_400)
    assert.deepEqual(leases.judge(100_400), [])
    leases.see('a', at(100_450), 100_450)
    assert.deepEqual(leases.judge(100_450), ['c'])
  })

  it('has one back that renews', () => {
    const leases = new Leases()
    leases.list([['a', at(0)]], 0)
    for (const now of [500, 1_000]) leases.judge(now)
    assert.ok(leases.isGone('a'))
    leases.see('a', at(1_100), 1_100)
    assert.ok(!leases.isGone('a'))
  })

  it('has nothing to do with what has no lease, or is removed', () => {
    const leases = new Leases()
    leases.list(
      [
        ['a', undefined],
        ['b', at(0)],
      ],
      0,
    )
    leases.see('b', undefined, 100)
    for (const now of [5_000, 10_000]) assert.deepEqual(leases.judge(now), [])
  })

  it('leaves out of a first list who is far behind the others, whatever the time is', () => {
    const leases = new Leases()
    leases.list(
      [
        ['a', at(50_000)],
        ['b', at(48_300)],
        ['c', at(48_100)],
      ],
      7,
    )
    assert.deepEqual(
      ['a', 'b', 'c'].map((key) => leases.isGone(key)),
      [false, false, true],
    )
    const alike = new Leases()
    alike.list(
      [
        ['a', at(3)],
        ['b', at(4)],
      ],
      1_000_000,
    )
    assert.ok(!alike.isGone('a') && !alike.isGone('b'))
  })

  it('goes on with what it has seen when all is listed again', () => {
    const leases = new Leases()
    leases.list(
      [
        ['a', at(0)],
        ['b', at(0)],
      ],
      0,
    )
    leases.see('b', at(500), 500)
    leases.judge(500)
    leases.list(
      [
        ['a', at(0)],
        ['b', at(800)],
      ],
      900,
    )
    assert.deepEqual(leases.judge(949), [])
    assert.deepEqual(leases.judge(950), ['a'])
    leases.list(
      [
        ['a', at(0)],
        ['b', at(800)],
      ],
      1_000,
    )
    assert.ok(leases.isGone('a'))
  })

  it('never has anybody gone who renews in time, however late others are and whatever their clocks say', () => {
    const step = fc.record({
      waitMs: fc.nat({ max: 290 }),
      other: fc.nat({ max: 3 }),
      skew: fc.integer({ min: -1e9, max: 1e9 }),
    })
    const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const leases = new Leases()
      leases.list(
        [
          ['a', at(0)],
          ['b1', at(0)],
          ['b2', at(0)],
        ],
        0,
      )
      let [now, renewedAt] = [0, 0]
      for (const { waitMs, other, skew } of steps) {
        now += waitMs
        if (now - renewedAt >= ttlMs / 3 - 10) {
          renewedAt = now
          leases.see('a', at(now), now)
        }
        if (other > 0) leases.see(`b${other}`, at(now + skew), now)
        leases.judge(now)
        assert.ok(!leases.isGone('a'))
      }
    })
    fc.assert(property, { seed: 8 })
  })
})
