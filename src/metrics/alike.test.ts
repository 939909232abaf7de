// Tests of alike.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { alike, lastOf, sumOfCounters, sumOfHistograms, sumOfSummaries } from './alike.ts'

describe('alike', () => {
  it('puts together what has the same text, and leaves the rest as it is', () => {
    const series = [
      { text: 'a', value: 1 },
      { text: 'b', value: 2 },
      { text: 'a', value: 4 },
    ]
    const summed = alike(series, ({ text }) => text, sumOfCounters)
    assert.deepEqual(
      [...summed],
      [
        ['a', { value: 5 }],
        ['b', series[1]],
      ],
    )
    assert.deepEqual(
      [...alike(series, ({ text }) => text, lastOf)],
      [
        ['a', series[2]],
        ['b', series[1]],
      ],
    )
  })

  it('adds up histograms bucket by bucket', () => {
    const bounds = Float64Array.of(1, 2)
    const one = { bounds, counts: Float64Array.of(1, 0, 2), sum: 7, count: 3 }
    const other = { bounds, counts: Float64Array.of(0, 5, 1), sum: 10, count: 6 }
    assert.deepEqual(sumOfHistograms(one, other), { bounds, counts: Float64Array.of(1, 5, 3), sum: 17, count: 9 })
  })

  it('adds up count and sum of summaries, and takes the quantiles of the larger one', () => {
    const shape = { quantiles: [0.5], relativeErrorRatio: 0.01, maxAgeMs: 1_000 }
    const one = { shape, sum: 3, count: 2, quantiles: () => [1] }
    const other = { shape, sum: 4, count: 3, quantiles: () => [2] }
    for (const both of [sumOfSummaries(one, other), sumOfSummaries(other, one)]) {
      assert.deepEqual([both.sum, both.count, both.quantiles(), both.shape], [7, 5, [2], shape])
    }
  })
})
