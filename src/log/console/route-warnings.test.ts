// Tests of route-warnings.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventually } from '../../testing/eventually.ts'
import { logRecorder } from '../../testing/log-recorder.ts'
import { logger } from '../logger.ts'
import { routeWarnings } from './route-warnings.ts'

const printing = () => process.listeners('warning').filter(({ name }) => name === 'onWarning')

describe('routed warnings', () => {
  it('are records, with all that they say', async () => {
    const recorder = logRecorder()
    using _route = routeWarnings(logger(recorder))
    process.emitWarning('old', { type: 'DeprecationWarning', code: 'DEP_OURS', detail: 'use the new one' })
    process.emitWarning(new RangeError('odd'))
    await eventually(() => recorder.entries.length === 2)
    const [first, second] = recorder.entries
    const { stack, ...fields } = first?.fields ?? {}
    assert.deepEqual(
      [first?.level, first?.message, fields],
      ['warn', 'old', { name: 'DeprecationWarning', code: 'DEP_OURS', detail: 'use the new one' }],
    )
    assert.match(String(stack), /^DeprecationWarning: old\n +at .*route-warnings\.test\.ts/)
    assert.deepEqual(
      [second?.message, second?.fields['name'], 'code' in (second?.fields ?? {})],
      ['odd', 'RangeError', false],
    )
  })

  it('are printed no more until all routes are disposed, in whatever order', () => {
    const before = process.listeners('warning')
    assert.equal(printing().length, 1)
    const [one, two] = [routeWarnings(logger(logRecorder())), routeWarnings(logger(logRecorder()))]
    assert.equal(printing().length, 0)
    one[Symbol.dispose]()
    one[Symbol.dispose]()
    assert.equal(printing().length, 0)
    two[Symbol.dispose]()
    assert.deepEqual(process.listeners('warning'), before)
  })

  it('that a sink causes while it writes are printed', async () => {
    const shown: string[] = []
    const print = printing()[0]
    assert.ok(print !== undefined)
    // Stands in for what Node prints with, under its name.
    const own = { onWarning: (warning: Error) => void shown.push(warning.message) }
    process.off('warning', print)
    process.on('warning', own.onWarning)
    try {
      let records = 0
      const write = () => {
        records++
        process.emitWarning(`from the sink ${records}`)
      }
      using _route = routeWarnings(logger({ write }))
      process.emitWarning('first')
      await eventually(() => shown.length === 1)
      assert.deepEqual([records, shown], [1, ['from the sink 1']])
    } finally {
      process.off('warning', own.onWarning)
      process.prependListener('warning', print)
    }
  })

  it('need a logger', () => {
    assert.throws(() => routeWarnings({} as never), /^TypeError: logger must be/)
  })
})
