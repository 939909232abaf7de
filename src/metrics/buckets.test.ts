// Tests of buckets.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { checkBuckets, exponentialBuckets, latencyBuckets, linearBuckets, sizeBuckets } from './buckets.ts'

function assertAscending(bounds: readonly number[]): void {
  for (const [index, bound] of bounds.entries()) assert.ok(bound > (bounds[index - 1] ?? -Infinity), `${bounds}`)
}

describe('the usual buckets', () => {
  it('reach from half a millisecond to ten seconds, and from 64 bytes to 16 MiB', () => {
    assert.deepEqual([latencyBuckets.at(0), latencyBuckets.at(-1)], [0.0005, 10])
    assert.deepEqual([sizeBuckets.at(0), sizeBuckets.at(-1)], [64, 16 * 1024 * 1024])
    assertAscending(latencyBuckets)
    assertAscending(sizeBuckets)
  })

  it('cannot be changed by one who uses them', () => {
    assert.throws(() => (latencyBuckets as number[]).push(20), TypeError)
    assert.throws(() => (sizeBuckets as number[]).push(20), TypeError)
  })
})

describe('linearBuckets and exponentialBuckets', () => {
  it('make as many bounds as asked for, so far apart', () => {
    assert.deepEqual(linearBuckets(-10, 5, 4), [-10, -5, 0, 5])
    assert.deepEqual(exponentialBuckets(1, 10, 4), [1, 10, 100, 1000])
  })

  it('give an ascending list that a histogram takes, or refuse', () => {
    const anyNumber = fc.double({ noNaN: true })
    fc.assert(
      fc.property(anyNumber, anyNumber, fc.nat(50), (start, step, count) => {
        for (const make of [linearBuckets, exponentialBuckets]) {
          let bounds: number[]
          try {
            bounds = make(start, step, count)
          } catch (thrown) {
            assert.ok(thrown instanceof RangeError)
            continue
          }
          assert.equal(bounds.length, count)
          assert.equal(checkBuckets('m', bounds).length, count)
        }
      }),
    )
  })

  it('refuse steps that do not ascend, naming the argument', () => {
    assert.throws(() => linearBuckets(0, 0, 3), { name: 'RangeError', message: /^width / })
    assert.throws(() => linearBuckets(0, 1, 0), { name: 'RangeError', message: /^count / })
    assert.throws(() => linearBuckets(NaN, 1, 3), { name: 'RangeError', message: /^start / })
    assert.throws(() => exponentialBuckets(0, 2, 3), { name: 'RangeError', message: /^start / })
    assert.throws(() => exponentialBuckets(1, 1, 3), { name: 'RangeError', message: /^factor / })
  })

  it('refuse bounds that numbers cannot tell apart, or cannot reach', () => {
    assert.throws(() => linearBuckets(1e16, 0.5, 3), { name: 'RangeError', message: /must ascend/ })
    assert.throws(() => exponentialBuckets(1, 1e200, 3), { name: 'RangeError', message: /must ascend/ })
    assert.throws(() => exponentialBuckets(5e-324, 1.1, 3), { name: 'RangeError', message: /must ascend/ })
  })
})

describe('checkBuckets', () => {
  it('leaves out the last bound when it is none', () => {
    assert.deepEqual(checkBuckets('m', [1, 2, Infinity]), Float64Array.of(1, 2))
    assert.deepEqual(checkBuckets('m', [Infinity]), Float64Array.of())
  })

  it('takes a copy', () => {
    const given = [1, 2]
    const bounds = checkBuckets('m', given)
    given[0] = 9
    assert.deepEqual(bounds, Float64Array.of(1, 2))
  })

  it('refuses what is no ascending list of numbers, naming the metric and where it is wrong', () => {
    for (const wrong of [[], 'x', undefined, new Float64Array(2), Array.from({ length: 1_001 }, (_, i) => i)]) {
      assert.throws(() => checkBuckets('m', wrong as number[]), {
        name: 'TypeError',
        message: /^metric m: .*1 to 1000/,
      })
    }
    for (const wrong of [
      [1, 1],
      [2, 1],
      [1, NaN],
      [1, Infinity, 2],
      [-Infinity, 1],
      [1, '2'],
      [1, 2n],
      [1, null],
    ]) {
      assert.throws(() => checkBuckets('m', wrong as number[]), {
        name: 'TypeError',
        message: /^metric m: buckets must be ascending numbers, but .* is at [01]$/,
      })
    }
  })
})
