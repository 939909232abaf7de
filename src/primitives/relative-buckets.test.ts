// Tests of relative-buckets.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { RelativeBuckets } from './relative-buckets.ts'

const smallest = 2 ** -1022
const errors = [0.0001, 0.00123, 0.01, 0.02, 0.3, 0.5]
const anyError = fc.double({ min: 0.0001, max: 0.5, noNaN: true })
const anyMagnitude = fc.double({ min: smallest, max: Number.MAX_VALUE, noNaN: true })

/** How far the value that stands for the bucket of x is from x, as a share of x. */
function errorAt(buckets: RelativeBuckets, x: number): number {
  return Math.abs(buckets.valueAt(buckets.indexOf(x)) - x) / x
}

function perOctave(buckets: RelativeBuckets): number {
  return buckets.indexOf(2) - buckets.indexOf(1)
}

describe('RelativeBuckets', () => {
  // The lower 32 bits of a double decide nothing, so the ends of these runs stand for every double of the octave.
  it('keeps the error in a whole octave, and never goes down or skips a bucket', () => {
    for (const error of errors) {
      const buckets = RelativeBuckets.of(error)
      let worst = 0
      let index = buckets.indexOf(1)
      let steps = 0
      for (let run = 0; run < 2 ** 20; run++) {
        const [low, high] = [1 + run * 2 ** -20, 1 + (run + 1) * 2 ** -20 - 2 ** -52]
        worst = Math.max(worst, errorAt(buckets, low), errorAt(buckets, high))
        const here = buckets.indexOf(low)
        if (here !== index) steps += here === index + 1 ? 1 : Number.NaN
        if (buckets.indexOf(high) !== here) steps = Number.NaN
        index = here
      }
      assert.ok(worst <= error, `${worst} is more than ${error}`)
      assert.equal(steps, perOctave(buckets) - 1)
    }
  })

  it('treats every octave as it does the first', () => {
    const buckets = RelativeBuckets.of(0.01)
    const one = buckets.indexOf(1)
    const width = perOctave(buckets)
    for (let exponent = -1022; exponent <= 1023; exponent++) {
      const first = one + exponent * width
      assert.equal(buckets.indexOf(2 ** exponent), first)
      for (let i = 0; i < width; i++) {
        const value = buckets.valueAt(first + i)
        assert.equal(value, buckets.valueAt(one + i) * 2 ** exponent)
        assert.equal(buckets.indexOf(value), first + i)
      }
    }
  })

  it('keeps any error for any value', () => {
    fc.assert(
      fc.property(anyError, anyMagnitude, (error, x) => {
        const value = RelativeBuckets.of(error).valueAt(RelativeBuckets.of(error).indexOf(x))
        assert.ok(Math.abs(value - x) <= error * x)
      }),
      { numRuns: 1_000 },
    )
  })

  it('keeps the error at the powers of gamma and beside them', () => {
    const buckets = RelativeBuckets.of(0.01)
    for (let power = -35_000; power <= 35_000; power++) {
      const x = (1.01 / 0.99) ** power
      for (const near of [x * (1 - 2 ** -53), x, x * (1 + 2 ** -52)]) assert.ok(errorAt(buckets, near) <= 0.01)
    }
  })

  it('needs hardly more buckets than the logarithm would', () => {
    for (const error of [0.0001, 0.001, 0.01, 0.02]) {
      const ideal = Math.LN2 / Math.log((1 + error) / (1 - error))
      assert.ok(perOctave(RelativeBuckets.of(error)) <= Math.ceil(ideal * 1.003))
    }
    assert.equal(perOctave(RelativeBuckets.of(0.01)), 35)
    assert.equal(perOctave(RelativeBuckets.of(0.5)), 1)
  })

  it('looks at the magnitude only', () => {
    const buckets = RelativeBuckets.of(0.01)
    fc.assert(fc.property(anyMagnitude, (x) => assert.equal(buckets.indexOf(-x), buckets.indexOf(x))))
  })

  it('reaches from the smallest normal double to the largest', () => {
    for (const error of errors) {
      const buckets = RelativeBuckets.of(error)
      assert.equal(buckets.indexOf(smallest), perOctave(buckets))
      assert.equal(buckets.indexOf(Number.MAX_VALUE), buckets.lastIndex)
      assert.ok(Number.isFinite(buckets.valueAt(buckets.lastIndex)))
    }
  })

  it('has no bucket for what is smaller, and none for what is not finite', () => {
    const buckets = RelativeBuckets.of(0.01)
    for (const x of [0, -0, Number.MIN_VALUE, -Number.MIN_VALUE, smallest - Number.MIN_VALUE])
      assert.equal(buckets.indexOf(x), 0)
    for (const x of [Number.NaN, Infinity, -Infinity]) assert.equal(buckets.indexOf(x), -1)
  })

  it('is shared by those who want the same error', () => {
    assert.equal(RelativeBuckets.of(0.01), RelativeBuckets.of(0.01))
    assert.notEqual(RelativeBuckets.of(0.01), RelativeBuckets.of(0.02))
  })

  it('keeps few kinds, and makes the same ones again', () => {
    const before = RelativeBuckets.of(0.01)
    for (let i = 0; i < 100; i++) RelativeBuckets.of(0.1 + i / 1_000)
    const after = RelativeBuckets.of(0.01)
    assert.notEqual(after, before)
    fc.assert(fc.property(anyMagnitude, (x) => assert.equal(after.indexOf(x), before.indexOf(x))))
  })

  it('refuses an error that it cannot keep, and one that says nothing', () => {
    for (const error of [0, -1, 0.00009, 0.51, 1, Number.NaN, Infinity])
      assert.throws(() => RelativeBuckets.of(error), {
        name: 'RangeError',
        message: /^relativeErrorRatio must be a number from 0.0001 to 0.5, but is/,
      })
  })
})
