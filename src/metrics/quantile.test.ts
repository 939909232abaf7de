// Tests of quantile.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { bucketQuantile } from './quantile.ts'

describe('bucketQuantile', () => {
  it('takes the values of a bucket to lie evenly in it', () => {
    const bounds = [10, 20, 40]
    const counts = [10, 10, 20, 0]
    assert.equal(bucketQuantile(0, bounds, counts), 0)
    assert.equal(bucketQuantile(0.125, bounds, counts), 5)
    assert.equal(bucketQuantile(0.25, bounds, counts), 10)
    assert.equal(bucketQuantile(0.375, bounds, counts), 15)
    assert.equal(bucketQuantile(0.75, bounds, counts), 30)
    assert.equal(bucketQuantile(1, bounds, counts), 40)
  })

  it('steps over empty buckets', () => {
    assert.equal(bucketQuantile(0.5, [1, 2, 3, 4], [0, 0, 0, 8, 0]), 3.5)
    assert.equal(bucketQuantile(0, [1, 2, 3, 4], [0, 0, 0, 8, 0]), 3)
    assert.equal(bucketQuantile(0.5, [1, 2, 3, 4], [4, 0, 0, 4, 0]), 1)
  })

  it('cannot see beyond the last bound', () => {
    assert.equal(bucketQuantile(0.99, [1, 2], [1, 1, 98]), 2)
    assert.equal(bucketQuantile(0.5, [1, 2], [0, 0, 1]), 2)
  })

  it('lets the first bucket begin at 0, unless its bound is not above', () => {
    assert.equal(bucketQuantile(0.5, [10], [2, 0]), 5)
    assert.equal(bucketQuantile(0.5, [-10, 10], [2, 0, 0]), -10)
    assert.equal(bucketQuantile(0.5, [0, 10], [2, 0, 0]), 0)
    assert.equal(bucketQuantile(0.5, [-10, 10], [0, 2, 0]), 0)
  })

  it('is NaN where nothing is known', () => {
    assert.equal(bucketQuantile(0.5, [1, 2], [0, 0, 0]), NaN)
    assert.equal(bucketQuantile(0.5, [], [5]), NaN)
  })

  it('lies in the bucket of the true quantile', () => {
    const anyValue = fc.integer({ min: 1, max: 1_000 })
    fc.assert(
      fc.property(
        fc.array(anyValue, { minLength: 1 }),
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        (values, quantile) => {
          const bounds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000]
          const counts = new Float64Array(bounds.length + 1)
          for (const value of values) (counts[bounds.findIndex((bound) => value <= bound)] as number)++
          const sorted = values.toSorted((a, b) => a - b)
          const truly = sorted[Math.max(0, Math.ceil(quantile * values.length) - 1)] ?? NaN
          const bucket = bounds.findIndex((bound) => truly <= bound)
          const estimate = bucketQuantile(quantile, bounds, counts)
          assert.ok(
            estimate >= (bounds[bucket - 1] ?? 0) && estimate <= (bounds[bucket] ?? NaN),
            `${estimate} for ${truly}`,
          )
        },
      ),
    )
  })
})
