// Tests of server-tally.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServiceError } from '../../core/errors.ts'
import { endingOf, ServerTally } from './server-tally.ts'
import { Timeline } from './timeline.ts'

describe('ServerTally', () => {
  it('counts what arrived, where, how it ended, and how busy the slots were', () => {
    const tally = new ServerTally(2, 4)
    tally.begin(new Timeline(0, 2_000, 1_000))
    for (const instance of [0, 0, 1]) tally.arrive(instance, 10)
    tally.end('answered', 20)
    tally.end('refused', 1_500)
    tally.busy.change(2, 0)
    tally.waiting.change(1, 1_000)
    const report = tally.report(2)
    assert.deepEqual([report.instances, report.arrived, report.arrivedAt, tally.open], [2, 3, [2, 1], 1])
    assert.deepEqual([report.answered, report.refused, report.failed, report.abandoned], [1, 1, 0, 0])
    assert.deepEqual([report.amplification, report.busy, report.utilisation, report.waiting], [1.5, 2, 0.25, 0.5])
    assert.deepEqual([report.intervals.arrived, report.intervals.refused], [[3, 0], [0, 1]]) // biome-ignore format: one line
  })

  it('begins anew with what is still going on', () => {
    const tally = new ServerTally(1, 1)
    tally.arrive(0, 0)
    tally.busy.change(1, 0)
    tally.begin(new Timeline(1_000, 2_000, 1_000))
    const report = tally.report(0)
    assert.deepEqual([report.arrived, tally.open, report.busy, report.amplification], [0, 1, 1, 0])
  })

  it('has no utilisation where slots have no limit', () => {
    const tally = new ServerTally(1, Infinity)
    tally.begin(new Timeline(0, 1_000, 1_000))
    tally.busy.change(5, 0)
    assert.equal(tally.report(1).utilisation, 0)
  })
})

describe('endingOf', () => {
  it('tells refused from failed and from abandoned', () => {
    assert.equal(endingOf(new ServiceError('resource_exhausted', '', { retry: 'safe' })), 'refused')
    assert.equal(endingOf(new ServiceError('unavailable')), 'failed')
    assert.equal(endingOf(new ServiceError('deadline_exceeded', '', { retry: 'safe' })), 'abandoned')
    assert.equal(endingOf(new ServiceError('canceled')), 'abandoned')
  })
})
