import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Pace } from './pace.ts'

describe('Pace', () => {
  it('lets some begin at once, then one per interval', () => {
    const pace = new Pace(1_000, 3)
    assert.deepEqual(
      [0, 0, 0, 0, 0].map((now) => pace.take(now)),
      [0, 0, 0, 1_000, 2_000],
    )
  })

  it('makes nobody wait who keeps the interval', () => {
    const pace = new Pace(1_000, 1)
    assert.deepEqual(
      [0, 1_000, 2_500, 3_400].map((now) => pace.take(now)),
      [0, 0, 0, 100],
    )
  })

  it('is as good as new after a rest, and no better', () => {
    const pace = new Pace(1_000, 2)
    for (let turn = 0; turn < 4; turn++) pace.take(0)
    assert.deepEqual(
      [10_000, 10_000, 10_000].map((now) => pace.take(now)),
      [0, 0, 1_000],
    )
  })

  it('never begins more in any window than its burst and one per interval', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 60 })
    const property = fc.property(gaps, fc.integer({ min: 1, max: 5 }), (waits, atOnce) => {
      const pace = new Pace(1_000, atOnce)
      let now = 0
      // As the loop does: it waits for its turn before it asks for the next one.
      const begun = waits.map((wait) => {
        now += wait
        now += pace.take(now)
        return now
      })
      begun.forEach((from, first) => {
        begun.slice(first).forEach((to, more) => {
          assert.ok(more + 1 <= atOnce + Math.floor((to - from) / 1_000), `${more + 1} within ${to - from} ms`)
        })
      })
    })
    fc.assert(property, { seed: 8500 })
  })

  it('refuses intervals and bursts that make no sense', () => {
    assert.throws(() => new Pace(-1, 1), /intervalMs must be a number from 0/)
    assert.throws(() => new Pace(1, 0), /atOnce must be an integer from 1/)
  })
})
