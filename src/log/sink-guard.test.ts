// Tests of sink-guard.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import type { LogRecord } from './log-record.ts'
import type { Sink } from './sink.ts'
import { droppedBy, type SinkFailed, SinkGuard } from './sink-guard.ts'

const record: LogRecord = { at: 0, level: 'info', message: 'm', bound: undefined, fields: undefined }
const error = new Error('full')

function failing(): never {
  throw error
}

function setUp() {
  const clock = manualClock()
  const onError = recorder<SinkFailed>()
  return { clock, onError, guard: new SinkGuard(clock, onError) }
}

describe('SinkGuard', () => {
  it('writes', () => {
    const { guard, onError } = setUp()
    const written = recorder<LogRecord>()
    guard.write({ write: written }, record)
    assert.deepEqual([written.events, guard.lost, onError.events], [[record], 0, []])
  })

  it('counts what is lost, and tells of it at first and once a minute', async () => {
    const { guard, onError, clock } = setUp()
    for (let second = 0; second < 130; second++) {
      guard.write({ write: failing }, record)
      guard.write({ write() {} }, record)
      await clock.advance(1_000)
    }
    assert.equal(guard.lost, 130)
    assert.deepEqual(onError.events, [
      { error, lost: 1 },
      { error, lost: 61 },
      { error, lost: 121 },
    ])
  })

  it('counts what an asynchronous sink rejects with, which would end the process otherwise', async () => {
    const { guard, onError, clock } = setUp()
    guard.write({ write: async () => failing() }, record)
    await clock.settle()
    assert.deepEqual([guard.lost, onError.events], [1, [{ error, lost: 1 }]])
  })

  it('survives those whom it tells, and a clock that fails', () => {
    const guard = new SinkGuard(manualClock(), failing)
    guard.write({ write: failing }, record)
    assert.equal(guard.lost, 1)
    const other = new SinkGuard(Object.assign(manualClock(), { now: failing }), failing)
    other.write({ write: failing }, record)
    assert.equal(other.lost, 1)
  })

  it('prints unless somebody is to be told', (t) => {
    const print = t.mock.method(console, 'error', () => {})
    new SinkGuard(manualClock()).write({ write: failing }, record)
    assert.deepEqual(
      print.mock.calls.map((call) => call.arguments),
      [['servicekit: a log sink failed, records are lost:', error]],
    )
  })

  it('flushes, and tells of a flush that fails', async () => {
    const { guard, onError } = setUp()
    let flushed = 0
    await guard.flush({ write() {}, flush: async () => void flushed++ })
    await guard.flush({ write() {} })
    assert.equal(flushed, 1)
    await guard.flush({ write() {}, flush: failing })
    await new SinkGuard(manualClock(), onError).flush({ write() {}, flush: () => Promise.reject(error) })
    assert.deepEqual(
      [guard.lost, onError.events],
      [
        0,
        [
          { error, lost: 0 },
          { error, lost: 0 },
        ],
      ],
    )
  })
})

describe('droppedBy', () => {
  it('takes what a sink says that it lost for a number', () => {
    const sink = (dropped: unknown) => ({ write() {}, dropped }) as Sink
    assert.deepEqual(
      [7, 0, undefined, NaN, null, 'x'].map((dropped) => droppedBy(sink(dropped))),
      [7, 0, 0, 0, 0, 0],
    )
    assert.equal(droppedBy(Object.defineProperty(sink(0), 'dropped', { get: failing })), 0)
  })
})
