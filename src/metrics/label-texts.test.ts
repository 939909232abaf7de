// Tests of label-texts.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eachAlike, LabelTexts, lastOf, sumOfCounters, sumOfHistograms, sumOfSummaries } from './label-texts.ts'
import { registry } from './registry.ts'

describe('LabelTexts', () => {
  it('writes labels once for each series, in their order', () => {
    const written: string[] = []
    const texts = new LabelTexts(({ name }, values) => {
      written.push(`${name} ${values.join()}`)
      return values.join().replace(' ', '_')
    })
    const metrics = registry()
    const calls = metrics.counter({ name: 'calls', labels: ['of'] })
    const of = () => texts.of(metrics.collect()[0] ?? assert.fail())
    for (const label of ['a', 'b_c']) calls.with({ of: label })
    assert.deepEqual(of(), { all: ['a', 'b_c'], areAlike: false })
    assert.equal(of(), of())
    calls.with({ of: 'b c' })
    assert.deepEqual(of(), { all: ['a', 'b_c', 'b_c'], areAlike: true })
    calls.delete({ of: 'b_c' })
    assert.deepEqual(of(), { all: ['a', 'b_c'], areAlike: false })
    assert.deepEqual(written, ['calls a', 'calls b_c', 'calls b c'])
  })
})

describe('eachAlike', () => {
  it('puts together what has the same text, and leaves the rest as it is', () => {
    const series = [{ value: 1 }, { value: 2 }, { value: 4 }]
    const given = (together: typeof lastOf, all: readonly string[], areAlike: boolean) => {
      const pairs: [string, number][] = []
      eachAlike(series, { all, areAlike }, together, (text, { value }) => pairs.push([text, value]))
      return pairs
    }
    assert.deepEqual(given(sumOfCounters, ['a', 'b', 'a'], true), [
      ['a', 5],
      ['b', 2],
    ])
    assert.deepEqual(given(lastOf, ['a', 'b', 'a'], true), [
      ['a', 4],
      ['b', 2],
    ])
    assert.deepEqual(given(sumOfCounters, ['a', 'b', 'c'], false), [
      ['a', 1],
      ['b', 2],
      ['c', 4],
    ])
  })

  it('says that one of them is the first where one is', () => {
    const both = sumOfCounters({ value: 0, isFirst: false }, { value: 0, isFirst: true })
    assert.deepEqual(both, { value: 0, isFirst: true })
  })

  it('adds up histograms bucket by bucket', () => {
    const bounds = Float64Array.of(1, 2)
    const one = { bounds, counts: Float64Array.of(1, 0, 2), sum: 7, count: 3 }
    const other = { bounds, counts: Float64Array.of(0, 5, 1), sum: 10, count: 6 }
    assert.deepEqual(sumOfHistograms(one, other), {
      ...{ bounds, counts: Float64Array.of(1, 5, 3), sum: 17, count: 9 },
      isFirst: undefined,
    })
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
