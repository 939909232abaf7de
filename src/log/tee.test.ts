// Tests of tee.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { logRecorder } from '../testing/log-recorder.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import type { LogRecord } from './log-record.ts'
import { logger } from './logger.ts'
import type { Sink } from './sink.ts'
import type { SinkFailed } from './sink-guard.ts'
import { tee } from './tee.ts'

const record: LogRecord = { at: 0, level: 'info', message: 'm', bound: undefined, fields: { a: 1 } }

const full = new Error('full')

function thrower(): never {
  throw full
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

  it('lets none suffer for another, and the logger count what was lost and tell of it', async () => {
    const onError = recorder<SinkFailed>()
    const [first, last] = [logRecorder(), logRecorder()]
    const sink = tee(
      first,
      { write: thrower },
      { write: thrower },
      { write: async () => thrower(), dropped: 5 },
      { write: async () => thrower() },
      { write() {}, dropped: 2 },
      last,
    )
    const log = logger(sink, { onError, clock: manualClock() })
    log.info('a')
    log.info('b')
    await new Promise(setImmediate)
    assert.deepEqual([first.records.length, last.records.length], [2, 2])
    assert.equal(log.dropped, 15)
    assert.deepEqual(onError.events, [{ error: full, lost: 1 }])
  })

  it('gives whoever calls what was thrown first, when all have the record', () => {
    const last = logRecorder()
    const sink = tee({ write: thrower }, { write: () => assert.fail() }, last)
    assert.throws(() => sink.write(record), full)
    assert.deepEqual([last.records.length, sink.dropped], [1, 1])
  })

  it('gives whoever calls what was rejected with, without waiting for the others', async () => {
    const sink = tee({ write: () => new Promise(() => {}) }, { write: async () => thrower() }, { write() {} })
    await assert.rejects(sink.write(record) as unknown as Promise<void>, full)
    assert.equal(sink.dropped, 0)
  })

  it('counts what the others say that they lost where one cannot tell', () => {
    const mute: Sink = {
      write() {},
      get dropped() {
        return thrower()
      },
    }
    assert.equal(tee({ write() {}, dropped: 1 }, mute, { write() {}, dropped: 2 }).dropped, 3)
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

  it('flushes all, whatever one of them does, and then tells of the first that failed', async () => {
    let flushed = 0
    const fine: Sink = { write() {}, flush: async () => void flushed++ }
    const failing: Sink = { write() {}, flush: () => Promise.reject(new Error('gone')) }
    const sink = tee(fine, { write() {}, flush: thrower }, failing, { write() {} }, fine)
    await assert.rejects(async () => sink.flush?.(), full)
    assert.equal(flushed, 2)
    const onError = recorder<SinkFailed>()
    await logger(sink, { onError }).flush()
    assert.deepEqual([flushed, onError.events], [4, [{ error: full, lost: 0 }]])
  })

  it('closes none: whoever made them does', () => {
    assert.equal(tee(logRecorder())[Symbol.asyncDispose], undefined)
  })

  it('refuses what is no sink', () => {
    assert.throws(() => tee(logRecorder(), [] as unknown as Sink), TypeError)
  })
})
