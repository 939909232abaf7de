// Tests of log-recorder.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LoggedError } from '../log/log-value.ts'
import { logger } from '../log/logger.ts'
import { logRecorder } from './log-recorder.ts'
import { manualClock } from './manual-clock.ts'

describe('logRecorder', () => {
  it('remembers records in order, until it is cleared', () => {
    const sink = logRecorder()
    const { records } = sink
    const log = logger(sink, { clock: manualClock({ wallStartAt: 7 }) })
    log.info('a')
    log.with({ n: 1 }).warn('b')
    assert.deepEqual(
      records.map(({ at, level, message }) => [at, level, message]),
      [
        [7, 'info', 'a'],
        [7, 'warn', 'b'],
      ],
    )
    sink.clear()
    log.info('c')
    assert.deepEqual([records.length, sink.records], [1, records])
  })

  it('has entries that can be compared', () => {
    const sink = logRecorder()
    const log = logger(sink).with({ service: 'orders', items: 1 })
    log.info('placed', { items: 3, list: [{ a: null }], no: undefined })
    assert.deepEqual(sink.entries, [
      { level: 'info', message: 'placed', fields: { service: 'orders', items: 3, list: [{ a: null }] } },
    ])
    sink.clear()
    log.error('failed', { error: new Error('x') })
    assert.ok(sink.entries[0]?.fields['error'] instanceof LoggedError)
  })

  it('keeps what the program changes later', () => {
    const sink = logRecorder()
    const fields = { n: 1 }
    logger(sink).info('m', fields)
    fields.n = 2
    assert.deepEqual(sink.records[0]?.fields, { n: 1 })
  })
})
