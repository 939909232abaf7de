// Tests of summary.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { manualClock } from '../testing/manual-clock.ts'
import { checkSummary, SummarySeries, type SummarySpec } from './summary.ts'

function series(spec: Partial<SummarySpec> = {}) {
  const clock = manualClock()
  const shape = checkSummary({ name: 's', quantiles: [0, 0.5, 1], maxAgeMs: 10_000, ...spec })
  return { clock, summary: new SummarySeries([], shape, clock) }
}

function near(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length)
  for (const [index, value] of expected.entries())
    assert.ok(
      Number.isNaN(value)
        ? Number.isNaN(actual[index])
        : Math.abs((actual[index] ?? NaN) - value) <= 0.011 * Math.abs(value),
      `${actual} is not near ${expected}`,
    )
}

describe('SummarySeries', () => {
  it('knows nothing before the first value', () => {
    const { summary } = series()
    near(summary.quantiles(), [NaN, NaN, NaN])
    assert.deepEqual([summary.count, summary.sum], [0, 0])
  })

  it('gives quantiles, count and sum of what it took', () => {
    const { summary } = series()
    for (let value = 1; value <= 101; value++) summary.observe(value)
    near(summary.quantiles(), [1, 51, 101])
    assert.deepEqual([summary.count, summary.sum], [101, 5_151])
  })

  it('takes negative values and zero', () => {
    const { summary } = series()
    for (const value of [-10, 0, 10]) summary.observe(value)
    near(summary.quantiles(), [-10, 0, 10])
  })

  it('leaves out what is not a finite number', () => {
    const { summary } = series()
    summary.observe(2)
    for (const value of [NaN, Infinity, -Infinity]) summary.observe(value)
    near(summary.quantiles(), [2, 2, 2])
    assert.deepEqual([summary.count, summary.sum], [1, 2])
  })

  it('forgets in its quantiles what is older than its age, and nothing in count and sum', async () => {
    const { clock, summary } = series({ quantiles: [0, 1] })
    summary.observe(1)
    await clock.advance(7_999)
    summary.observe(100)
    near(summary.quantiles(), [1, 100])
    await clock.advance(2_001)
    near(summary.quantiles(), [100, 100])
    await clock.advance(10_000)
    near(summary.quantiles(), [NaN, NaN])
    assert.deepEqual([summary.count, summary.sum], [2, 101])
  })

  it('remembers each value for at least four fifths of the age, and at most all of it', () => {
    const anyPauseMs = fc.nat(4_000)
    return fc.assert(
      fc.asyncProperty(fc.array(anyPauseMs, { minLength: 1, maxLength: 30 }), anyPauseMs, async (pauses, lastMs) => {
        const { clock, summary } = series({ quantiles: [0] })
        const at: number[] = []
        for (const pauseMs of pauses) {
          await clock.advance(pauseMs)
          at.push(clock.now())
          // The oldest that is remembered is the smallest: each value is twice the one before.
          summary.observe(2 ** at.length)
        }
        await clock.advance(lastMs)
        const [smallest = NaN] = summary.quantiles()
        const oldest = Math.round(Math.log2(smallest)) - 1
        const ages = at.map((moment) => clock.now() - moment)
        if (Number.isNaN(smallest)) assert.ok(ages.every((age) => age >= 8_000))
        else {
          assert.ok((ages[oldest] ?? Infinity) <= 10_000, `remembers for ${ages[oldest]} ms`)
          assert.ok(
            ages.slice(0, oldest).every((age) => age >= 8_000),
            `forgot ${ages} before ${oldest}`,
          )
        }
      }),
      { numRuns: 50 },
    )
  })

  it('is as before after a clock that went back', async () => {
    let now = 100_000
    const shape = checkSummary({ name: 's', quantiles: [0.5], maxAgeMs: 10_000 })
    const summary = new SummarySeries([], shape, { now: () => now } as never)
    summary.observe(1)
    now = 0
    summary.observe(1)
    near(summary.quantiles(), [1])
    assert.equal(summary.count, 2)
  })
})

describe('checkSummary', () => {
  it('fills in the defaults', () => {
    assert.deepEqual(checkSummary({ name: 's' }), {
      quantiles: [0.5, 0.9, 0.95, 0.99],
      relativeErrorRatio: 0.01,
      maxAgeMs: 600_000,
    })
  })

  it('puts the quantiles in order and takes each once, because a series may be shown only once', () => {
    assert.deepEqual(checkSummary({ name: 's', quantiles: [0.9, 0.5, 0.9, 1] }).quantiles, [0.5, 0.9, 1])
    assert.deepEqual(checkSummary({ name: 's', quantiles: [] }).quantiles, [])
  })

  it('refuses what makes no sense, naming metric and option', () => {
    for (const [option, wrong] of [
      ['quantiles', [[-0.1], [1.1], [NaN]]],
      ['relativeErrorRatio', [0, 0.6, NaN]],
      ['maxAgeMs', [0, 999, Infinity, NaN]],
    ] as const) {
      for (const value of wrong)
        assert.throws(() => checkSummary({ name: 's', [option]: value }), {
          name: 'RangeError',
          message: new RegExp(`^metric s: ${option} `),
        })
    }
    assert.throws(() => checkSummary({ name: 's', quantiles: 0.5 as never }), {
      name: 'TypeError',
      message: /quantiles/,
    })
  })
})
