import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { played } from '../../test/interop/rate/script.ts'
import { vectors } from '../../test/interop/rate/vectors.ts'
import { TokenBucket } from './token-bucket.ts'

describe('TokenBucket', () => {
  it('has the results of golang.org/x/time/rate for scripts of allow, reserve, cancel, wait and clock', () => {
    for (const { results, ...script } of vectors()) assert.deepEqual(played(script), results, JSON.stringify(script))
  })

  it('is full at first, and fills at its rate up to its burst', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 2 })
    assert.deepEqual([bucket.perSecond, bucket.burst, bucket.tokens(0)], [10, 2, 2])
    assert.deepEqual([bucket.allow(0), bucket.allow(0), bucket.allow(0)], [true, true, false])
    assert.equal(bucket.allow(99), false)
    assert.equal(bucket.allow(100), true)
    assert.equal(bucket.tokens(10_000), 2)
  })

  it('takes nothing when it refuses', () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: 5 })
    assert.equal(bucket.allow(0, 6), false)
    assert.equal(bucket.reserve(0, 6).ok, false)
    bucket.allow(0, 5)
    assert.equal(bucket.reserve(0, 3, 2_999).ok, false)
    assert.equal(bucket.tokens(0), 0)
  })

  it('lets tokens be taken before they have come, and given back', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 1 })
    const first = bucket.reserve(0)
    const second = bucket.reserve(0)
    const third = bucket.reserve(0)
    assert.deepEqual(
      [first.ok, first.delayMs(0), second.delayMs(0), third.delayMs(0), third.at],
      [true, 0, 100, 200, 200],
    )
    assert.equal(second.delayMs(130), 0)
    assert.equal(bucket.tokens(0), -2)
    third.cancel(0)
    assert.equal(bucket.tokens(0), -1)
    assert.equal(bucket.reserve(0).delayMs(0), 200)
  })

  it('gives back nothing that is promised to others, and nothing whose moment has passed', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 1 })
    bucket.allow(0)
    const early = bucket.reserve(0)
    const late = bucket.reserve(0)
    early.cancel(0)
    assert.equal(bucket.tokens(0), -2)
    late.cancel(201)
    assert.ok(Math.abs(bucket.tokens(201) - 0.01) < 1e-9)
  })

  it('says that a reservation which was refused will never come', () => {
    const refused = new TokenBucket({ perSecond: 1, burst: 0 }).reserve(0)
    refused.cancel(0)
    assert.deepEqual([refused.ok, refused.at, refused.delayMs(5)], [false, Infinity, Infinity])
  })

  it('changes from now on: what has come stays, up to the burst, and moments that were given stay', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 4 })
    bucket.allow(0, 4)
    const taken = bucket.reserve(0, 1)
    bucket.change(100, { perSecond: 1 })
    assert.deepEqual([bucket.perSecond, bucket.burst, bucket.tokens(100), taken.at], [1, 4, 0, 100])
    assert.equal(bucket.tokens(1_100), 1)
    bucket.change(9_000, { burst: 2 })
    assert.equal(bucket.tokens(9_000), 2)
    assert.throws(() => bucket.change(9_000, { perSecond: 5, burst: -1 }), /burst must be an integer from 0/)
    assert.equal(bucket.perSecond, 1)
  })

  it('has no limit at a rate of Infinity, whatever the burst, and lets nothing more come at a rate of 0', () => {
    const open = new TokenBucket({ perSecond: Infinity, burst: 0 })
    assert.deepEqual(
      [open.allow(0, 1e9), open.reserve(5, 7).delayMs(5), open.waitMs(0, 7), open.fits(7)],
      [true, 0, 0, true],
    )
    const shut = new TokenBucket({ perSecond: 0, burst: 1 })
    assert.deepEqual([shut.allow(0), shut.allow(1e9), shut.waitMs(0), shut.fits(1)], [true, false, Infinity, true])
    assert.equal(shut.reserve(0).at, Infinity)
  })

  it('holds any number at a burst of Infinity', () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: Infinity })
    assert.equal(bucket.allow(0, 1e12), true)
    bucket.change(0, { burst: 3 })
    assert.equal(bucket.tokens(0), 3)
  })

  it('waits for tokens together longer than the burst can hold at once', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 2 })
    bucket.allow(0, 2)
    assert.equal(bucket.waitMs(50, 5), 450)
    assert.equal(bucket.fits(5), false)
  })

  it('says to the nanosecond when it will grant, on clocks young and old', () => {
    const times = fc.oneof(
      fc.nat(1_000),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      fc.integer({ min: 0, max: 1e11 }),
    )
    fc.assert(
      fc.property(
        times,
        fc.double({ min: 0.001, max: 1e5, noNaN: true }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.double({ min: 0, max: 500, noNaN: true })), {
          minLength: 1,
        }),
        (startAt, perSecond, takes) => {
          const bucket = new TokenBucket({ perSecond, burst: 9 })
          let now = startAt
          for (const [count, laterMs] of takes) {
            now += laterMs
            const waitMs = bucket.waitMs(now, count)
            const readyAt = bucket.readyAt(count)
            const justBefore = now + waitMs - 2e-6 - 4 * now * Number.EPSILON
            if (justBefore > now) assert.equal(bucket.allow(justBefore, count), false)
            assert.ok(Math.abs(Math.max(now, readyAt) - (now + waitMs)) <= 2e-6 + 4 * (now + waitMs) * Number.EPSILON)
            now += waitMs
            assert.equal(bucket.allow(now, count), true)
          }
        },
      ),
    )
  })

  it('never grants more in any time than the burst and what comes meanwhile', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 1e4, noNaN: true }),
        fc.nat({ max: 20 }),
        fc.array(fc.tuple(fc.nat({ max: 10 }), fc.double({ min: 0, max: 100, noNaN: true }))),
        (perSecond, burst, takes) => {
          const bucket = new TokenBucket({ perSecond, burst })
          const granted: { readonly at: number; readonly count: number }[] = []
          let now = 0
          for (const [count, laterMs] of takes) {
            now += laterMs
            if (bucket.allow(now, count)) granted.push({ at: now, count })
          }
          for (const [i, first] of granted.entries()) {
            let sum = 0
            for (const { at, count } of granted.slice(i)) {
              sum += count
              assert.ok(sum <= burst + ((at - first.at) / 1_000) * perSecond + 1e-4)
            }
          }
        },
      ),
    )
  })

  it('survives a clock that goes back', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 1 })
    bucket.allow(1_000)
    assert.equal(bucket.allow(500), false)
    assert.equal(bucket.tokens(500), 0)
    assert.equal(bucket.allow(1_100), true)
  })

  it('refuses numbers that make no sense', () => {
    assert.throws(() => new TokenBucket({ perSecond: -1, burst: 1 }), /perSecond must be a number from 0/)
    assert.throws(() => new TokenBucket({ perSecond: 1, burst: 1.5 }), /burst must be an integer from 0/)
    const bucket = new TokenBucket({ perSecond: 1, burst: 1 })
    for (const count of [-1, Number.NaN]) {
      assert.throws(() => bucket.allow(0, count), /count must be a number from 0/)
      assert.throws(() => bucket.reserve(0, count), /count must be a number from 0/)
    }
  })
})
