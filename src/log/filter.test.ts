// Tests of filter.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { logRecorder } from '../testing/log-recorder.ts'
import { type FilterOptions, filter } from './filter.ts'
import type { Level } from './level.ts'
import { allFields } from './log-record.ts'
import { logger } from './logger.ts'
import type { Sink } from './sink.ts'

function passing(options: FilterOptions): readonly string[] {
  const sink = logRecorder()
  const log = logger(filter(sink, options), { level: 'debug' }).with({ a: 1 })
  for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level](`${level} 1`, { n: 1 })
  log.info('info 2', { n: 2 })
  return sink.records.map(({ message }) => message)
}

describe('filter', () => {
  it('lets a level pass, and what is more severe', () => {
    assert.deepEqual(passing({ level: 'warn' }), ['warn 1', 'error 1'])
    assert.deepEqual(passing({ level: 'off' }), [])
    assert.equal(passing({}).length, 5)
  })

  it('spares a logger the making of what does not pass, and counts nothing behind it that it refuses itself', () => {
    let made = 0
    const fields = () => ({ n: ++made })
    const behind = { write() {}, skips: () => true }
    logger(filter(logRecorder(), { level: 'warn' })).info('m', fields)
    logger(filter(behind, {})).info('m', fields)
    assert.equal(made, 0)
    logger(filter(behind, { where: () => true })).info('m', fields)
    assert.equal(made, 1)
  })

  it('lets pass what somebody picks', () => {
    assert.deepEqual(passing({ where: (record) => allFields(record)['n'] === 2 }), ['info 2'])
    assert.deepEqual(passing({ level: 'info', where: ({ fields }) => fields?.['n'] === 1 }), [
      'info 1',
      'warn 1',
      'error 1',
    ])
  })

  it('lets pass what nobody could judge', () => {
    const where = () => {
      throw new Error('no')
    }
    assert.deepEqual(passing({ where, level: 'error' }), ['error 1'])
  })

  it('passes on what the sink lost, its flush, and what it throws', async () => {
    let flushed = 0
    const sink = filter(
      { write: () => assert.fail('full'), dropped: 7, flush: async () => void flushed++ },
      { level: 'warn' },
    )
    await sink.flush?.()
    assert.deepEqual([sink.dropped, flushed], [7, 1])
    const record = { at: 0, level: 'warn', message: 'm', bound: undefined, fields: undefined } as const
    assert.throws(() => sink.write(record), /full/)
    const rejecting = filter({ write: async () => assert.fail('full') }, {})
    await assert.rejects(rejecting.write(record) as unknown as Promise<void>, /full/)
    const plain = filter({ write() {} }, {})
    await plain.flush?.()
    assert.equal(plain.dropped, 0)
  })

  it('refuses what makes no sense', () => {
    assert.throws(() => filter({} as Sink, {}), TypeError)
    assert.throws(() => filter(logRecorder(), { level: 'loud' as Level }), TypeError)
    assert.throws(() => filter(logRecorder(), { where: true as never }), TypeError)
  })
})
