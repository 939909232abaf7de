import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ValueCounts } from './value-counts.ts'

const at = new Date(0)

/** What is sent of some values. */
function sent(values: readonly number[]) {
  const counts = new ValueCounts({ MetricName: 'took' })
  for (const value of values) counts.observe(value)
  const data = counts.take(at)
  assert.deepEqual(counts.take(at), [])
  return data
}

const pairsOf = (values: readonly number[]) =>
  sent(values).flatMap(({ Values = [], Counts = [] }) =>
    Values.map((value, at) => [value, Counts[at] as number] as const),
  )

describe('ValueCounts', () => {
  it('gives different values as they are, each with how often it was there', () => {
    assert.deepEqual(sent([2, -2, 0, 2, 1_000]), [
      { MetricName: 'took', Timestamp: at, Values: [2, -2, 0, 1_000], Counts: [2, 1, 1, 1] },
    ])
  })

  it('takes texts and bigints as the numbers that they say', () => {
    assert.deepEqual(pairsOf(['5', 7n] as unknown[] as number[]), [
      [5, 1],
      [7, 1],
    ])
  })

  it('keeps count and sum exactly, and each value within 1 %', () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, min: -1e12, max: 1e12 }),
      fc.nat(100).map((n) => n / 10),
    )
    fc.assert(
      fc.property(fc.array(value, { maxLength: 400 }), (values) => {
        const pairs = pairsOf(values)
        const sum = (all: readonly number[]) => all.reduce((total, each) => total + each, 0)
        assert.equal(sum(pairs.map(([, count]) => count)), values.length)
        const size = sum(values.map(Math.abs))
        assert.ok(Math.abs(sum(pairs.map(([each, count]) => each * count)) - sum(values)) <= 1e-9 * size)
        const means = pairs.map(([each]) => each)
        for (const each of values)
          assert.ok(
            means.some((mean) => Math.abs(mean - each) <= 0.0201 * Math.abs(each) + 1e-300),
            `${each}`,
          )
      }),
      { seed: 11, numRuns: 60 },
    )
  })

  it('never has more values in a datum than CloudWatch takes', () => {
    const data = sent(Array.from({ length: 1_000 }, (_, n) => 1.05 ** n))
    assert.ok(data.length > 1)
    for (const { Values = [], Counts = [] } of data) {
      assert.ok(Values.length >= 1 && Values.length <= 150)
      assert.equal(Values.length, Counts.length)
    }
  })

  it('does not grow with the values that strangers choose', () => {
    const values = Array.from({ length: 30_000 }, (_, n) => 1e-100 * 1.01 ** n * (n % 2 === 0 ? 1 : -1)).filter(
      (value) => Math.abs(value) < 1e100,
    )
    const pairs = pairsOf(values)
    assert.ok(pairs.length <= 2_101)
    assert.equal(
      pairs.reduce((total, [, count]) => total + count, 0),
      values.length,
    )
  })

  it('leaves out what CloudWatch would refuse the whole batch for', () => {
    assert.deepEqual(sent([NaN, Infinity, -Infinity, 1e200]), [])
  })
})
