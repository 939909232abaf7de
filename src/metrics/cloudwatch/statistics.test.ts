import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Statistics } from './statistics.ts'

const at = new Date(0)

describe('Statistics', () => {
  it('gives count, sum, least and greatest of an interval, and nothing for nothing', () => {
    const took = new Statistics({ MetricName: 'took' })
    assert.deepEqual(took.take(at), [])
    for (const value of [5, 1, 9, 5, NaN, Infinity, 1e300]) took.observe(value)
    const StatisticValues = { SampleCount: 4, Sum: 20, Minimum: 1, Maximum: 9 }
    assert.deepEqual(took.take(at), [{ MetricName: 'took', Timestamp: at, StatisticValues }])
    took.observe(-3)
    assert.deepEqual(took.take(at)[0]?.StatisticValues, { SampleCount: 1, Sum: -3, Minimum: -3, Maximum: -3 })
  })

  it('takes texts and bigints as the numbers that they say', () => {
    const took = new Statistics({ MetricName: 'took' })
    for (const value of ['5', 7n] as unknown[]) took.observe(value as number)
    const StatisticValues = { SampleCount: 2, Sum: 12, Minimum: 5, Maximum: 7 }
    assert.deepEqual(took.take(at)[0]?.StatisticValues, StatisticValues)
  })
})
