// Tests of sample.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { logRecorder } from '../testing/log-recorder.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { type Logger, logger } from './logger.ts'
import { type SampleOptions, sample } from './sample.ts'
import type { Sink } from './sink.ts'

function setUp(options?: SampleOptions, around: (sink: Sink) => Sink = (sink) => sink) {
  const clock = manualClock()
  const sink = logRecorder()
  const sampled = sample(around(sink), { clock, first: 2, thereafter: 3, ...options })
  const log = logger(sampled, { clock, level: 'debug', onError() {} })
  /** Message, `left_out` and `of`, as far as they are there. */
  const written = () => {
    const texts = sink.entries.map(({ message, fields: { left_out, of } }) =>
      [message, left_out, of].filter((part) => part !== undefined).join(' '),
    )
    sink.clear()
    return texts
  }
  return { clock, sink, sampled, log, written }
}

function repeat(count: number, run: (i: number) => void): void {
  for (let i = 1; i <= count; i++) run(i)
}

describe('sample', () => {
  it('writes the first records of a window, then one of some, and says how many it left out', () => {
    const { log, written } = setUp()
    repeat(9, () => log.info('m', { own: true }))
    assert.deepEqual(written(), ['m', 'm', 'm 2', 'm 2'])
  })

  it('spares a logger the making of what it leaves out, unless a key of the program’s own must see it', () => {
    let made = 0
    const fields = () => ({ n: ++made })
    const { log, written } = setUp()
    repeat(9, () => log.info('m', fields))
    assert.equal(made, 4)
    assert.deepEqual(written(), ['m', 'm', 'm 2', 'm 2'])
    const own = setUp({ key: ({ message }) => message })
    repeat(9, () => own.log.info('m', fields))
    assert.equal(made, 13)
    assert.deepEqual(own.written(), ['m', 'm', 'm 2', 'm 2'])
  })

  it('leaves other records as they are', () => {
    const { log, sink } = setUp()
    const bound = log.with({ service: 'orders' })
    repeat(5, (i) => bound.warn('m', { i }))
    assert.deepEqual(sink.entries, [
      { level: 'warn', message: 'm', fields: { service: 'orders', i: 1 } },
      { level: 'warn', message: 'm', fields: { service: 'orders', i: 2 } },
      { level: 'warn', message: 'm', fields: { service: 'orders', i: 5, left_out: 2 } },
    ])
  })

  it('counts level and message by themselves, errors too', () => {
    const { log, written } = setUp({ thereafter: 0 })
    repeat(3, () => {
      for (const level of ['debug', 'info', 'warn', 'error'] as const) {
        log[level]('a')
        log[level]('b')
      }
    })
    assert.equal(written().length, 2 * 4 * 2)
  })

  it('begins anew when the window is over, with what was left out before', async () => {
    const { log, written, clock } = setUp({ thereafter: 0 })
    log.info('first')
    await clock.advance(500)
    repeat(5, () => log.info('m'))
    await clock.advance(999)
    repeat(2, () => log.info('m'))
    assert.deepEqual(written(), ['first', 'm', 'm'])
    await clock.advance(1)
    repeat(3, () => log.info('m'))
    assert.deepEqual(written(), ['m 5', 'm'])
  })

  it('says in a record of its own what nobody else says', async () => {
    const { log, sink, clock, written } = setUp({ thereafter: 0 })
    const orders = log.with({ service: 'orders' })
    repeat(4, (i) => orders.with({ order: i }).error('m'))
    await clock.advance(1_000)
    assert.deepEqual(sink.entries.at(-1), {
      level: 'error',
      message: 'records left out',
      fields: { service: 'orders', left_out: 2, of: 'm' },
    })
    assert.equal(sink.records.at(-1)?.at, clock.wallNow())
    sink.clear()
    await clock.advance(10_000)
    assert.deepEqual(written(), [])
    assert.equal(clock.pending, 0)
  })

  it('says it when it is flushed, once', async () => {
    const { log, written } = setUp({ thereafter: 0 })
    repeat(4, () => log.info('a'))
    repeat(3, () => log.info('b'))
    await log.flush()
    await log.flush()
    assert.deepEqual(written(), ['a', 'a', 'b', 'b', 'records left out 2 a', 'records left out 1 b'])
  })

  it('says it when it is disposed, and writes everything from then on', async () => {
    const { log, written, sampled, clock } = setUp({ thereafter: 0 })
    repeat(4, () => log.info('m'))
    await sampled[Symbol.asyncDispose]()
    assert.equal(clock.pending, 0)
    repeat(4, () => log.info('m'))
    await sampled[Symbol.asyncDispose]()
    assert.deepEqual(written(), ['m', 'm', 'records left out 2 m', 'm', 'm', 'm', 'm'])
    assert.equal(clock.pending, 0)
  })

  it('says it each window where none is written at all', async () => {
    const { log, written, clock } = setUp({ first: 0, thereafter: 0 })
    repeat(30, () => log.info('m'))
    for (let i = 0; i < 30; i++) {
      await clock.advance(100)
      log.info('m')
    }
    assert.deepEqual(written(), ['records left out 39 m', 'records left out 10 m', 'records left out 10 m'])
  })

  it('says it also where windows always begin anew before it looks', async () => {
    for (const keys of [1, 1_000]) {
      const { log, written, clock } = setUp({ first: 0, thereafter: 0, keys })
      log.info('sets the timer')
      await clock.advance(500)
      for (let i = 0; i < 25; i++) {
        log.info('other')
        await clock.advance(100)
      }
      assert.deepEqual(written(), [
        'records left out 1 sets the timer',
        'records left out 5 other',
        'records left out 10 other',
        'records left out 10 other',
      ])
    }
  })

  it('forgets nothing of those that share a count when all else is quiet', async () => {
    const { log, written, clock } = setUp({ keys: 1, thereafter: 0 })
    log.info('a')
    await clock.advance(900)
    repeat(3, () => log.info('b'))
    await clock.advance(100)
    assert.deepEqual(written(), ['a', 'b', 'b'])
    await clock.advance(1_000)
    assert.deepEqual(written(), ['records left out 1 b'])
    assert.equal(clock.pending, 0)
  })

  it('sets its timer in the background, and only while there is something to forget', async () => {
    const { log, clock } = setUp()
    assert.equal(clock.pending, 0)
    const backgrounds: unknown[] = []
    const { scheduleAt } = clock
    clock.scheduleAt = (at, task, options) => {
      backgrounds.push(options?.background)
      return scheduleAt.call(clock, at, task, options)
    }
    log.info('m')
    assert.equal(clock.pending, 1)
    await clock.advance(1_000)
    assert.equal(clock.pending, 0)
    assert.deepEqual(backgrounds, [true])
  })

  it('counts by the keys of the program, and writes what has none', () => {
    const { log, sink, written } = setUp({
      thereafter: 0,
      key: ({ level, message, fields }) => {
        if (message === 'throws') throw new Error('no')
        return level === 'error' ? undefined : String(fields?.['tenant'])
      },
    })
    repeat(3, (i) => log.info(`a${i}`, { tenant: 1 }))
    repeat(3, (i) => log.debug(`b${i}`, { tenant: 1 }))
    repeat(3, (i) => log.info(`c${i}`, { tenant: 2 }))
    repeat(3, () => log.error('d'))
    repeat(3, () => log.info('throws'))
    assert.deepEqual(written(), ['a1', 'a2', 'c1', 'c2', 'd', 'd', 'd', 'throws', 'throws', 'throws'])
    sink.clear()
  })

  it('says of mixed records the most severe level, the last message and what all had bound', async () => {
    const { log, sink } = setUp({ first: 0, thereafter: 0, key: () => 'all' })
    const root = log.with({ service: 'orders' })
    root.with({ a: 1 }).info('first')
    root.with({ a: 1, b: 2 }).warn('second')
    root.with({ c: 1 }).debug('third')
    await log.flush()
    assert.deepEqual(sink.entries, [
      { level: 'warn', message: 'records left out', fields: { service: 'orders', left_out: 3, of: 'third' } },
    ])
  })

  it('has keys share a count when there are too many, until others have been quiet', async () => {
    const { log, written, clock } = setUp({ keys: 2, thereafter: 0 })
    for (const message of ['a', 'b', 'c', 'd', 'e', 'a', 'b']) log.info(message)
    assert.deepEqual(written(), ['a', 'b', 'c', 'd', 'a', 'b'])
    await clock.advance(1_000)
    assert.deepEqual(written(), ['records left out 1 e'])
    for (const message of ['c', 'd', 'e']) log.info(message)
    assert.deepEqual(written(), ['c', 'd', 'e'])
  })

  it('is not misled by a wall clock that is put back', () => {
    const { sampled, written } = setUp({ thereafter: 0 })
    const write = (at: number) =>
      sampled.write({ at, level: 'info', message: 'm', bound: undefined, fields: undefined })
    for (const at of [5_000, 5_000, 5_000, 1_000, 1_000, 1_000, NaN]) write(at)
    assert.deepEqual(written(), ['m', 'm', 'm 1', 'm', 'm 1'])
  })

  it('loses no count when the sink behind it throws', async () => {
    let isDown = false
    const { log, written, clock } = setUp({ thereafter: 2 }, (sink) => ({
      write(record) {
        if (isDown) throw new Error('down')
        sink.write(record)
      },
    }))
    repeat(3, () => log.info('m'))
    isDown = true
    log.info('m')
    assert.equal(log.dropped, 1)
    await clock.advance(5_000)
    isDown = false
    await clock.advance(1_000)
    assert.deepEqual(written(), ['m', 'm', 'records left out 1 m'])
  })

  it('lets no asynchronous sink end the process with what it says by itself', async () => {
    const { log } = setUp({ first: 0, thereafter: 0 }, () => ({ write: async () => assert.fail('full') }))
    log.info('m')
    await log.flush()
    await new Promise(setImmediate)
  })

  it('passes on what the sink lost, and its flush', async () => {
    let flushed = 0
    const sink = sample({ write() {}, dropped: 7, flush: async () => void flushed++ }, { clock: manualClock() })
    await sink.flush()
    assert.deepEqual([sink.dropped, flushed], [7, 1])
  })

  it('accounts for every record, whatever comes when', async () => {
    const messages = fc.constantFrom('a', 'b', 'c', 'd')
    const step = fc.oneof(
      fc.tuple(fc.constantFrom('info', 'error'), messages, fc.nat({ max: 12 })),
      fc.tuple(fc.constant('pass'), messages, fc.nat({ max: 1_500 })),
      fc.tuple(fc.constant('flush'), messages, fc.constant(0)),
    )
    const shapes = fc.record({
      first: fc.nat({ max: 4 }),
      thereafter: fc.nat({ max: 4 }),
      keys: fc.integer({ min: 1, max: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(shapes, fc.array(step, { maxLength: 30 }), async (shape, steps) => {
        const { log, sink, clock } = setUp(shape)
        let logged = 0
        for (const [what, message, amount] of steps) {
          if (what === 'pass') await clock.advance(amount)
          else if (what === 'flush') await log.flush()
          else repeat(amount, () => log[what as keyof Pick<Logger, 'info' | 'error'>](message))
          if (what === 'info' || what === 'error') logged += amount
        }
        await log.flush()
        let accounted = 0
        for (const { message, fields } of sink.entries) {
          accounted += Number(fields['left_out'] ?? 0) + (message === 'records left out' ? 0 : 1)
        }
        assert.equal(accounted, logged)
        await clock.advance(5_000)
        assert.equal(clock.pending, 0)
      }),
      { numRuns: 100 },
    )
  })

  it('refuses options out of their range', () => {
    const sink = logRecorder()
    const wrong = [
      { first: -1 },
      { first: 1.5 },
      { thereafter: -1 },
      { windowMs: 0 },
      { windowMs: Infinity },
      { keys: 0 },
    ]
    for (const options of wrong) assert.throws(() => sample(sink, options), RangeError, JSON.stringify(options))
    assert.throws(() => sample(sink, { key: 'message' as never }), TypeError)
    assert.throws(() => sample({} as Sink), TypeError)
  })

  it('holds no text of which a message is but a piece', async () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage: () => void = runInNewContext('gc')
    const log = logger(sample({ write() {} }))
    collectGarbage()
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < 100; i++) {
      const body = Buffer.alloc(500_000, `request ${String(i).padStart(4, '0')} `).toString()
      log.info(body.slice(0, 40))
    }
    await new Promise((resolve) => setImmediate(resolve))
    collectGarbage()
    assert.ok(process.memoryUsage().heapUsed - before < 20e6)
  })
})
