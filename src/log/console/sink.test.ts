// Tests of sink.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { manualClock } from '../../testing/manual-clock.ts'
import { type Fields, logger } from '../logger.ts'
import { type ConsoleOptions, consoleSink } from './sink.ts'
import { shown } from './text.ts'

/** A logger, and the lines that have come of it since it was asked last, each write as one. */
function logging(options: ConsoleOptions = { color: false }) {
  let writes: string[] = []
  const sink = consoleSink({ write: (text: string) => writes.push(text) }, options)
  const taken = () => {
    const all = writes
    writes = []
    return all
  }
  const clock = manualClock({ wallStartAt: new Date(2026, 10, 21, 7, 4, 5, 23).getTime() })
  return { log: logger(sink, { clock, redact: false, level: 'debug' }), taken }
}

describe('consoleSink', () => {
  it('writes the time of day, the level and the message, with the fields in a column', () => {
    const { log, taken } = logging()
    log.info('order placed', { items: 3 })
    log.with({ service: 'orders' }).warn('late', { customer: 'ada lovelace', why: null, none: undefined })
    log.error('a message that is longer than the column lets it be', { a: 1 })
    log.debug('', { method: 'count', n: 12 })
    log.info('ready')
    log.info('')
    assert.deepEqual(taken(), [
      '07:04:05.023 INFO  order placed                     items=3\n',
      '07:04:05.023 WARN  late                             service=orders customer="ada lovelace" why=null\n',
      '07:04:05.023 ERROR a message that is longer than the column lets it be a=1\n',
      '07:04:05.023 DEBUG method=count n=12\n',
      '07:04:05.023 INFO  ready\n',
      '07:04:05.023 INFO\n',
    ])
  })

  it('shows the last value of a key', () => {
    const { log, taken } = logging()
    log.with({ a: 1, b: 1 }).info('', { a: 2 })
    assert.deepEqual(taken(), ['07:04:05.023 INFO  a=2 b=1\n'])
  })

  it('puts below the line what has several lines or is too long for it, and cuts nothing', () => {
    const { log, taken } = logging()
    const long = 'word '.repeat(40)
    const list = Array.from({ length: 40 }, (_, i) => i)
    log.info('failed\nand how', { sql: 'select *\n  from t', long, list, ok: true })
    assert.equal(
      taken().join(''),
      [
        '07:04:05.023 INFO  failed                           ok=true',
        '    and how',
        '    sql:',
        '      select *',
        '        from t',
        `    long="${long}"`,
        '    list:',
        '      [',
        ...list.map((n) => `        ${n}${n === 39 ? '' : ','}`),
        '      ]',
        '',
      ].join('\n'),
    )
  })

  it('puts errors below the line, with stack and causes', () => {
    const { log, taken } = logging()
    log.error('order failed', { err: new Error('no total', { cause: new TypeError('no price') }), id: 'o-1' })
    const [head, title, frame, ...others] = taken().join('').split('\n')
    assert.equal(head, '07:04:05.023 ERROR order failed                     id=o-1')
    assert.equal(title, '    err: Error: no total')
    assert.match(frame ?? '', /^ {8}at .*sink\.test\.ts/)
    assert.ok(others.includes('    cause: TypeError: no price'))
  })

  it('colours the level, the time, the keys and the frames of stacks', () => {
    const { log, taken } = logging({ color: true })
    log.warn('late', { ms: 12, err: new Error('why') })
    const [head, title, frame] = taken().join('').split('\n')
    const late = 'late'.padEnd(32)
    assert.equal(head, `\x1b[90m07:04:05.023\x1b[39m \x1b[33mWARN \x1b[39m ${late} \x1b[36mms\x1b[39m=12`)
    assert.equal(title, '    err: Error: why')
    assert.ok(frame?.startsWith('    \x1b[90m    at ') && frame.endsWith('\x1b[39m'))
  })

  it('lets nothing through to the terminal, whatever is logged', () => {
    const { log, taken } = logging()
    const nasty = fc.constantFrom(...'\x1b\x07\b\r\n\t\x7f\x9b\u202e\u2066\u2028\ud800 ="a'.split(''))
    const texts = fc.oneof(fc.string({ unit: nasty }), fc.string({ maxLength: 8 }))
    const errors = texts.map((message) => Object.assign(new Error(message, { cause: message }), { [message]: message }))
    const values = fc.oneof(texts, errors, fc.object({ key: texts, values: [texts] }), fc.anything())
    const fields = fc.array(fc.tuple(texts, values), { maxLength: 4 }).map((pairs): Fields => Object.fromEntries(pairs))
    fc.assert(
      fc.property(texts, fields, fields, (message, bound, own) => {
        log.with(bound).info(message, own)
        const [text = '', ...others] = taken()
        assert.deepEqual(others, [])
        const [head, ...below] = text.slice(0, -1).split('\n')
        assert.match(`${head} `, /^07:04:05\.023 INFO /)
        for (const line of below) assert.match(line, /^ {4}/)
        assert.equal(shown(text), text.replaceAll('\n', '\\n'))
        assert.ok(text.endsWith('\n'))
      }),
      { numRuns: 300 },
    )
  })

  it('says so of a time that is none', () => {
    const writes: string[] = []
    const sink = consoleSink({ write: (text: string) => writes.push(text) }, { color: false })
    sink.write({ at: NaN, level: 'info', message: 'm', bound: undefined, fields: undefined })
    assert.deepEqual(writes, ['Invalid Date INFO  m\n'])
  })

  it('takes process.stdout', () => {
    assert.doesNotThrow(() => consoleSink(process.stdout))
  })

  it('flushes what it writes to, and says what that has dropped', async () => {
    let flushed = 0
    const sink = consoleSink({ write() {}, dropped: 3, flush: async () => void flushed++ })
    await sink.flush?.()
    assert.deepEqual([flushed, sink.dropped], [1, 3])
    const plainest = consoleSink({ write() {} })
    await plainest.flush?.()
    assert.equal(plainest.dropped, 0)
  })
})
