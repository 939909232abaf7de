// Tests of fields.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { amountFields, histogramQuantiles, summaryQuantiles } from './fields.ts'
import { HistogramSeries } from './histogram.ts'

function histogram(values: readonly number[], bounds = [-1, 0.5, 10]) {
  const series = new HistogramSeries([], Float64Array.from(bounds), { count: 0 })
  for (const value of values) series.observe(value)
  return series
}

const summary = (quantiles: readonly number[], values: readonly number[]) => ({
  shape: { quantiles, relativeErrorRatio: 0.01, maxAgeMs: 1_000 },
  sum: 1,
  count: 1,
  quantiles: () => values,
})

describe('fields', () => {
  it('are count and sum, and where they are wanted how many values were up to each bound', () => {
    const took = histogram([-5, 0.25, 0.5, 2, 50])
    assert.deepEqual(amountFields(took), [
      ['count', 5],
      ['sum', 47.75],
    ])
    assert.deepEqual(amountFields(took, took).slice(2), [
      ['le_-1', 1],
      ['le_0.5', 3],
      ['le_10', 4],
    ])
  })

  it('are quantiles of buckets', () => {
    assert.deepEqual(histogramQuantiles(histogram([1, 2, 3, 4], [0, 2, 4])), [
      ['p50', 2],
      ['p90', 3.6],
      ['p95', 3.8],
      ['p99', 3.96],
    ])
  })

  it('are none where there are no values, or no bounds', () => {
    assert.deepEqual(histogramQuantiles(histogram([])), [])
    assert.deepEqual(histogramQuantiles(histogram([1], [])), [])
    assert.deepEqual(summaryQuantiles(summary([0.5, 1], [NaN, NaN])), [])
  })

  it('are the quantiles of a summary, with names as people write them', () => {
    assert.deepEqual(summaryQuantiles(summary([0.5, 0.999], [1, 2])), [
      ['p50', 1],
      ['p99.9', 2],
    ])
  })
})
