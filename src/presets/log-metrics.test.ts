// Tests of log-metrics.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { logger } from '../log/logger.ts'
import { type Registry, registry } from '../metrics/registry.ts'
import { logMetrics } from './log-metrics.ts'

function counters(metrics: Registry): Record<string, number> {
  return Object.fromEntries(
    metrics
      .collect()
      .flatMap(({ kind, spec, series }) =>
        kind === 'counter' ? series.map(({ values, value }) => [[spec.name, ...values].join(' '), value]) : [],
      ),
  )
}

describe('logMetrics', () => {
  it('counts a record once, however many services log and measure together, at once or one after the other', () => {
    const metrics = registry()
    const lost = { write() {}, dropped: 5 }
    const log = logger(lost)
    for (let n = 0; n < 2; n++) {
      using _one = logMetrics(metrics, log)
      using _other = logMetrics(metrics, log)
      assert.deepEqual(counters(metrics), { 'log.dropped_records': 5 })
    }
    using _more = logMetrics(metrics, logger({ write() {}, dropped: 2 }))
    assert.deepEqual(counters(metrics), { 'log.dropped_records': 7 })
  })

  it('counts the records that a log has lost', () => {
    const metrics = registry()
    const lost = { write() {}, dropped: 5 }
    const counting = logMetrics(metrics, logger(lost))
    assert.deepEqual(counters(metrics), { 'log.dropped_records': 5 })
    lost.dropped = 7
    assert.deepEqual(counters(metrics), { 'log.dropped_records': 7 })
    counting[Symbol.dispose]()
    lost.dropped = 9
    assert.deepEqual(counters(metrics), { 'log.dropped_records': 7 })
  })
})
