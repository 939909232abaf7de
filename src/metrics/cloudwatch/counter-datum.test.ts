import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CounterDatum } from './counter-datum.ts'

const at = new Date(0)

describe('CounterDatum', () => {
  it('gives what was added since it was last asked, and nothing for nothing', () => {
    const counter = new CounterDatum({ MetricName: 'calls' })
    counter.add()
    counter.add(2.5)
    assert.deepEqual(counter.take(at), [{ MetricName: 'calls', Timestamp: at, Value: 3.5 }])
    assert.deepEqual(counter.take(at), [])
  })

  it('leaves out what is no amount, and says no more than CloudWatch takes', () => {
    const counter = new CounterDatum({ MetricName: 'calls' })
    for (const amount of [-1, NaN, Infinity, undefined as never, '2' as never, 3n as never]) counter.add(amount)
    assert.equal(counter.take(at)[0]?.Value, 6)
    counter.add(1e300)
    assert.equal(counter.take(at)[0]?.Value, 2 ** 360)
  })
})
