// Tests of bucket-counts.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { BucketCounts, type BucketCountsJson } from './bucket-counts.ts'

type Added = readonly (readonly [bucket: number, count: number])[]

/** What BucketCounts should hold, worked out from everything at once. */
function model(added: Added, most: number): BucketCountsJson {
  if (added.length === 0) return { first: 0, counts: [] }
  const highest = Math.max(...added.map(([bucket]) => bucket))
  const kept = added.map(([bucket, count]) => [Math.max(bucket, highest - most + 1), count] as const)
  const first = Math.min(...kept.map(([bucket]) => bucket))
  const counts = new Array<number>(highest - first + 1).fill(0)
  for (const [bucket, count] of kept) counts[bucket - first] = (counts[bucket - first] ?? 0) + count
  return { first, counts }
}

function counted(added: Added, most: number): BucketCounts {
  const counts = new BucketCounts(most)
  for (const [bucket, count] of added) counts.add(bucket, count)
  return counts
}

const anyMost = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constant(2_048), fc.constant(Infinity))
const anyBucket = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 3_000 }))
const anyAdded = fc.array(fc.tuple(anyBucket, fc.integer({ min: 1, max: 1_000 })), { maxLength: 200, size: 'max' })

describe('BucketCounts', () => {
  it('holds what was added, the lowest buckets in one when they are too many', () => {
    fc.assert(
      fc.property(anyAdded, anyMost, (added, most) => {
        assert.deepEqual(counted(added, most).toJSON(), model(added, most))
      }),
      { numRuns: 500 },
    )
  })

  it('merges to what one would hold that was given all', () => {
    fc.assert(
      fc.property(anyAdded, anyAdded, anyMost, (some, others, most) => {
        const merged = counted(some, most)
        merged.merge(counted(others, most))
        assert.deepEqual(merged.toJSON(), model([...some, ...others], most))
      }),
      { numRuns: 500 },
    )
  })

  it('merges with itself', () => {
    const counts = counted(
      [
        [5, 1],
        [900, 2],
      ],
      100,
    )
    counts.merge(counts)
    assert.deepEqual(
      counts.toJSON(),
      counted(
        [
          [5, 2],
          [900, 4],
        ],
        100,
      ).toJSON(),
    )
  })

  it('finds the bucket of every rank', () => {
    fc.assert(
      fc.property(anyAdded, anyMost, (added, most) => {
        const counts = counted(added, most)
        const { first, counts: expected } = model(added, most)
        let rank = 0
        expected.forEach((count, i) => {
          if (count > 0)
            assert.deepEqual(
              [rank, rank + count - 1].map((r) => counts.bucketAt(r)),
              [first + i, first + i],
            )
          rank += count
        })
        assert.equal(counts.total, rank)
        if (rank > 0) assert.equal(counts.bucketAt(rank), first + expected.length - 1)
      }),
    )
  })

  it('goes up and down through a thousand buckets one at a time', () => {
    for (const direction of [1, -1]) {
      const added = Array.from({ length: 1_000 }, (_, i) => [2_000 + direction * i, 1] as const)
      for (const most of [10, 999, 1_000, Infinity]) assert.deepEqual(counted(added, most).toJSON(), model(added, most))
    }
  })

  it('is empty after clear, and counts anew from anywhere', () => {
    const counts = counted([[50, 3]], 10)
    counts.clear()
    assert.equal(counts.total, 0)
    assert.deepEqual(counts.toJSON(), { first: 0, counts: [] })
    counts.add(3, 1)
    assert.deepEqual(counts.toJSON(), { first: 3, counts: [1] })
  })
})
