// Tests of tee.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { logRecorder } from '../testing/log-recorder.ts'
import type { LogRecord } from './log-record.ts'
import { logger } from './logger.ts'
import type { Sink } from './sink.ts'
import { tee } from './tee.ts'

const record: LogRecord = { at: 0, level: 'info', message: 'm', bound: undefined, fields: { a: 1 } }

function thrower(): never {
  throw new Error('full')
}

describe('tee', () => {
  it('writes each record to all sinks, in their order', () => {
    const order: number[] = []
    const sink = tee({ write: () => order.push(1) }, { write: () => order.push(2) })
    sink.write(record)
    sink.write(record)
    assert.deepEqual(order, [1, 2, 1, 2])
    tee().write(record)
  })

  it('lets none suffer for another, and counts what was lost', async (t) => {
    const print = t.mock.method(console, 'error', () => {})
    const [first, last] = [logRecorder(), logRecorder()]
    const sink = tee(
      first,
      { write: thrower },
      { write: async () => thrower(), dropped: 5 },
      { write() {}, dropped: 2 },
      last,
    )
    const log = logger(sink)
    log.info('a')
    log.info('b')
    await new Promise(setImmediate)
    assert.deepEqual([first.records.length, last.records.length], [2, 2])
    assert.deepEqual([sink.dropped, log.dropped], [11, 11])
    assert.equal(print.mock.callCount(), 1)
  })

  it('has bound fields rendered once for each', () => {
    const texts: string[] = []
    const rendering = (name: string): Sink => {
      const renderer = {}
      let count = 0
      return { write: ({ bound }) => void texts.push(bound?.rendered(renderer, () => `${name}${++count}`) ?? '') }
    }
    const log = logger(tee(rendering('a'), rendering('b'))).with({ x: 1 })
    log.info('m')
    log.info('m')
    assert.deepEqual(texts, ['a1', 'b1', 'a1', 'b1'])
  })

  it('flushes all, whatever one of them does', async () => {
    let flushed = 0
    const fine: Sink = { write() {}, flush: async () => void flushed++ }
    const failing: Sink = { write() {}, flush: () => Promise.reject(new Error('gone')) }
    const before = console.error
    console.error = () => {}
    await tee(fine, failing, { write() {}, flush: thrower }, { write() {} }, fine).flush?.()
    console.error = before
    assert.equal(flushed, 2)
  })

  it('closes none: whoever made them does', () => {
    assert.equal(tee(logRecorder())[Symbol.asyncDispose], undefined)
  })

  it('refuses what is no sink', () => {
    assert.throws(() => tee(logRecorder(), [] as unknown as Sink), TypeError)
  })
})
