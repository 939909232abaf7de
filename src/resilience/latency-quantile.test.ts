import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LatencyQuantile } from './latency-quantile.ts'

function near(actual: number | undefined, expected: number): void {
  assert.ok(actual !== undefined && Math.abs(actual - expected) <= 0.02 * expected, `${actual} is not near ${expected}`)
}

describe('LatencyQuantile', () => {
  it('has no value before there are enough latencies', () => {
    const latencies = new LatencyQuantile({ quantile: 0.95 })
    for (let n = 1; n < 100; n++) latencies.record(n, 0)
    assert.equal(latencies.valueMs, undefined)
    latencies.record(100, 0)
    near(latencies.valueMs, 95)
  })

  it('forgets what is older than two windows', () => {
    const latencies = new LatencyQuantile({ quantile: 0.5, windowMs: 1_000, minSamples: 10 })
    for (let n = 0; n < 100; n++) latencies.record(10, 0)
    for (let n = 0; n < 300; n++) latencies.record(30, 1_500)
    near(latencies.valueMs, 30)
    for (let n = 0; n < 100; n++) latencies.record(50, 2_600)
    near(latencies.valueMs, 30)
    for (let n = 0; n < 100; n++) latencies.record(50, 3_700)
    near(latencies.valueMs, 50)
  })

  it('begins anew after a quiet time', () => {
    const latencies = new LatencyQuantile({ quantile: 0.5, windowMs: 1_000, minSamples: 10 })
    for (let n = 0; n < 100; n++) latencies.record(10, 0)
    latencies.record(40, 60_000)
    assert.equal(latencies.valueMs, undefined)
  })

  it('refuses options out of their range', () => {
    assert.throws(() => new LatencyQuantile({ quantile: 1.5 }), /quantile must be a number from 0 to 1/)
    assert.throws(() => new LatencyQuantile({ quantile: 0.5, minSamples: 0 }), /minSamples must be an integer/)
  })
})
