import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GaugeDatum } from './gauge-datum.ts'

const at = new Date(0)

describe('GaugeDatum', () => {
  it('gives its value each time, once it has one', () => {
    const gauge = new GaugeDatum({ MetricName: 'depth' })
    assert.deepEqual(gauge.take(at), [])
    gauge.set(5)
    gauge.add(-7)
    for (let times = 0; times < 2; times++)
      assert.deepEqual(gauge.take(at), [{ MetricName: 'depth', Timestamp: at, Value: -2 }])
  })

  it('says nothing while it is what CloudWatch refuses', () => {
    const gauge = new GaugeDatum({ MetricName: 'depth' })
    for (const value of [NaN, Infinity, -Infinity, 1e200, 'x' as never]) {
      gauge.set(value)
      assert.deepEqual(gauge.take(at), [])
    }
    gauge.add(NaN)
    gauge.set(0)
    assert.equal(gauge.take(at)[0]?.Value, 0)
  })
})
