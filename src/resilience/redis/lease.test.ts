import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Lease } from './lease.ts'

const grant = (now: number, later = 0, laterMs = 0) => ({ now, later, laterMs, processes: 1, againMs: 100 })

describe('Lease', () => {
  it('hands out what has come, and the rest when it comes', () => {
    const lease = new Lease()
    assert.equal(lease.take(0, 1), false)
    lease.add(0, grant(1, 2, 50), 1_000)
    assert.equal(lease.left, 3)
    assert.deepEqual([lease.waitMs(0, 1), lease.waitMs(0, 3), lease.waitMs(0, 4)], [0, 50, Infinity])
    assert.equal(lease.take(0, 1), true)
    assert.equal(lease.take(49, 1), false)
    assert.equal(lease.take(50, 2), true)
    assert.equal(lease.left, 0)
  })

  it('lets what nobody uses lapse, gives it back once, and goes on', () => {
    const lease = new Lease()
    lease.add(0, grant(2, 1, 100), 1_000)
    assert.equal(lease.take(1_099, 0.5), true)
    assert.equal(lease.take(1_100, 1), false)
    assert.equal(lease.takeLapsed(1_100), 2.5)
    assert.equal(lease.takeLapsed(1_100), 0)
    lease.addLapsed(grant(3, 1))
    lease.add(2_000, grant(1), 1_000)
    assert.equal(lease.take(2_999, 1), true)
    lease.add(3_000, grant(1), 1_000)
    assert.equal(lease.take(4_000, 1), false)
    assert.equal(lease.takeAll(), 5)
    assert.equal(lease.left, 0)
  })

  it('takes slices that a clock which was set has put out of order', () => {
    const lease = new Lease()
    lease.add(0, grant(0, 1, 500), 1_000)
    lease.add(0, grant(0, 1, 10), 1_000)
    assert.equal(lease.take(10, 1), true)
    assert.equal(lease.take(499, 1), false)
    assert.equal(lease.take(500, 1), true)
  })

  it('neither loses a token nor makes one', () => {
    const step = fc.record({
      waitMs: fc.integer({ min: 0, max: 400 }),
      take: fc.integer({ min: 0, max: 5 }),
      now: fc.integer({ min: 0, max: 5 }),
      later: fc.integer({ min: 0, max: 5 }),
      laterMs: fc.integer({ min: 0, max: 300 }),
      what: fc.constantFrom('take', 'add', 'lapsed', 'late'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const lease = new Lease()
        let [now, granted, used, returned] = [0, 0, 0, 0]
        for (const { what, waitMs, take, ...more } of steps) {
          now += waitMs
          const given = grant(more.now, more.later, more.laterMs)
          if (what === 'take' && lease.take(now, take)) used += take
          if (what === 'lapsed') returned += lease.takeLapsed(now)
          if (what === 'add') lease.add(now, given, 500)
          if (what === 'late') lease.addLapsed(given)
          if (what === 'add' || what === 'late') granted += more.now + more.later
        }
        assert.equal(granted, used + returned + lease.takeAll())
      }),
      { seed: 8, numRuns: 500 },
    )
  })
})
