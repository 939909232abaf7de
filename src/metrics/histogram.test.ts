// Tests of histogram.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Context, rootContext } from '../core/context.ts'
import { traceContext } from '../core/inbound.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { HistogramSeries } from './histogram.ts'

function series(bounds: readonly number[], turn = { count: 0 }): HistogramSeries {
  return new HistogramSeries([], Float64Array.from(bounds), turn)
}

function traced(traceId: string, sampled = true): Context {
  const trace = { traceId, spanId: '1'.repeat(16), sampled, traceparent: '', tracestate: '' }
  return rootContext({ clock: manualClock() }).with(traceContext, trace)
}

describe('HistogramSeries', () => {
  it('counts a value in the first bucket whose bound is not below it', () => {
    const histogram = series([-1, 0, 10])
    for (const value of [-5, -1, -0.5, 0, -0, 0.1, 10, 10.1, 1e300]) histogram.observe(value)
    assert.deepEqual([...histogram.counts], [2, 3, 2, 2])
    assert.equal(histogram.count, 9)
  })

  it('puts each value where a look through all bounds would', () => {
    const anyNumber = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(fc.uniqueArray(anyNumber, { maxLength: 20 }), fc.array(anyNumber), (unsorted, values) => {
        const bounds = [...new Set(unsorted.map((bound) => bound + 0))].sort((a, b) => a - b)
        const histogram = series(bounds)
        const expected = new Array(bounds.length + 1).fill(0)
        for (const value of [...values, ...bounds]) {
          histogram.observe(value)
          const bucket = bounds.findIndex((bound) => value <= bound)
          expected[bucket === -1 ? bounds.length : bucket]++
        }
        assert.deepEqual([...histogram.counts], expected)
        assert.equal(histogram.count, values.length + bounds.length)
      }),
    )
  })

  it('sums what it counts, negative values too', () => {
    const histogram = series([1])
    for (const value of [0.5, 2, -4]) histogram.observe(value)
    assert.equal(histogram.sum, -1.5)
  })

  it('has one bucket for all when there are no bounds', () => {
    const histogram = series([])
    for (const value of [-1, 1, 1e9]) histogram.observe(value)
    assert.deepEqual([...histogram.counts], [3])
  })

  it('leaves out what would spoil the sum', () => {
    const histogram = series([1])
    histogram.observe(3)
    for (const value of [NaN, Infinity, -Infinity]) histogram.observe(value)
    assert.deepEqual([histogram.count, histogram.sum], [1, 3])
  })

  it('keeps the first sampled trace after each collection as the exemplar of its bucket', () => {
    const turn = { count: 0 }
    const histogram = series([1], turn)
    histogram.observe(0.5)
    histogram.observe(0.5, traced('a', false))
    assert.equal(histogram.exemplar(0), undefined)
    histogram.observe(0.5, traced('b'))
    histogram.observe(0.6, traced('c'))
    histogram.observe(2, traced('d'))
    assert.deepEqual([histogram.exemplar(0)?.traceId, histogram.exemplar(1)?.traceId], ['b', 'd'])
    assert.deepEqual([histogram.exemplar(0)?.value, histogram.exemplar(1)?.value], [0.5, 2])
    turn.count++
    histogram.observe(0.7, traced('e'))
    histogram.observe(0.8, traced('f'))
    assert.deepEqual([histogram.exemplar(0)?.traceId, histogram.exemplar(1)?.traceId], ['e', 'd'])
  })
})
