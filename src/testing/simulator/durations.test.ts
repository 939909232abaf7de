// Tests of durations.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Durations } from './durations.ts'
import { Timeline } from './timeline.ts'

function near(actual: number | undefined, expected: number): void {
  assert.ok(Math.abs(Number(actual) - expected) <= 0.0051 * expected, `${actual} is not near ${expected}`)
}

describe('Durations', () => {
  it('has the quantiles of the run, the mean and the highest', () => {
    const durations = new Durations(new Timeline(0, 1_000, 1_000))
    for (let ms = 1; ms <= 1_000; ms++) durations.record(ms, ms - 1)
    const { mean, p50, p90, p95, p99, p999, max } = durations.latency
    assert.deepEqual([mean, max], [500.5, 1_000])
    for (const [actual, expected] of [
      [p50, 500],
      [p90, 900],
      [p95, 950],
      [p99, 990],
      [p999, 999],
    ] as const)
      near(actual, expected)
  })

  it('has those of each interval, and 0 where nothing was', () => {
    const durations = new Durations(new Timeline(0, 4_000, 1_000))
    for (let i = 0; i < 100; i++) durations.record(10, 5)
    for (let i = 0; i < 100; i++) durations.record(1_000, 2_500)
    const { p50, p99 } = durations.intervals
    near(p50[0], 10)
    near(p99[2], 1_000)
    assert.deepEqual([p50[1], p99[1], p50[3]], [0, 0, 0])
  })

  it('is 0 in all when nothing was recorded', () => {
    const { latency, intervals } = new Durations(new Timeline(0, 2_000, 1_000))
    assert.deepEqual(latency, { mean: 0, p50: 0, p90: 0, p95: 0, p99: 0, p999: 0, max: 0 })
    assert.deepEqual(intervals, { p50: [0, 0], p99: [0, 0] })
  })
})
