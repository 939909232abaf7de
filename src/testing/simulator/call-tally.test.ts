// Tests of call-tally.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CallTally } from './call-tally.ts'
import { Timeline } from './timeline.ts'

describe('CallTally', () => {
  it('counts what was offered, what became of it, and when', () => {
    const tally = new CallTally(new Timeline(0, 2_000, 1_000))
    for (const at of [0, 100, 200, 1_000]) tally.offer(at)
    tally.succeed(50, 50)
    tally.succeed(950, 1_050)
    tally.fail('unavailable', 5, 205)
    tally.fail('deadline_exceeded', 500, 1_500)
    const report = tally.report
    assert.deepEqual(
      [report.offered, report.offeredPerSecond, report.succeeded, report.goodputPerSecond, report.failed],
      [4, 2, 2, 1, 2],
    )
    assert.deepEqual([report.successRatio, report.latencyMs.max, report.failedAfterMs.max], [0.5, 950, 500])
    assert.equal(JSON.stringify(report.failures), '{"deadline_exceeded":1,"unavailable":1}')
    const { offered, succeeded, failed, p50Ms, p99Ms } = report.intervals
    assert.deepEqual({ offered, succeeded, failed }, { offered: [3, 1], succeeded: [1, 1], failed: [1, 1] })
    assert.deepEqual([p50Ms[0], p99Ms[1]], [50, 950])
  })

  it('has no failure where nothing ended', () => {
    assert.equal(new CallTally(new Timeline(0, 1_000, 1_000)).report.successRatio, 1)
  })
})
