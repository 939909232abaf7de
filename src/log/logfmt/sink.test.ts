// Tests of sink.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Duration } from '../../core/duration.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { chainOf, type LogRecord } from '../log-record.ts'
import { textOf } from '../log-value.ts'
import { type Fields, logger } from '../logger.ts'
import { type LogfmtOptions, logfmtSink } from './sink.ts'
import { keyText } from './text.ts'

/** Of UTF-16, halves of pairs included. */
const anyUnit = fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code))

const ts = '2026-11-21T17:04:05.123Z'

/** A logger, and the lines that have come of it since it was asked last; `records` are what they were made of. */
function logging(options?: LogfmtOptions) {
  let lines: string[] = []
  const records: LogRecord[] = []
  const logfmt = logfmtSink({ write: (line: string) => lines.push(line) }, options)
  const sink = {
    write(record: LogRecord) {
      records.push(record)
      logfmt.write(record)
    },
  }
  const clock = manualClock({ wallStartAt: Date.parse(ts) })
  const taken = () => {
    const all = lines
    lines = []
    return all
  }
  return { log: logger(sink, { clock, redact: false }), taken, records }
}

const bare: LogfmtOptions = { timeKey: false, levelKey: false }

/** What a line of such a logger says, without its end. */
function written(fields: Fields): string {
  const { log, taken } = logging(bare)
  log.info('', fields)
  return taken().join('').replace(/\n$/, '')
}

/** Reads a line as the format says: pairs with spaces between, values bare or quoted. */
function pairsOf(line: string): readonly (readonly [key: string, value: string])[] {
  const pair = /(?<key>[^ \n="]+)=(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<bare>[^ \n="]*))(?: |\n$)/suy
  const pairs: [string, string][] = []
  while (pair.lastIndex < line.length) {
    const at = pair.lastIndex
    const { key = '', quoted, bare = '' } = pair.exec(line)?.groups ?? assert.fail(`no pair at ${at} of ${line}`)
    pairs.push([key, quoted === undefined ? bare : JSON.parse(`"${quoted}"`)])
  }
  return pairs
}

describe('logfmtSink', () => {
  it('writes one line a record: time, level and message, then the fields as they were bound and logged', () => {
    const { log, taken } = logging()
    log.info('order placed', { items: 3 })
    log.with({ service: 'orders' }).with({ region: 'eu' }).warn('late', { ms: 1.5, done: false, why: null })
    log.error('')
    assert.deepEqual(taken(), [
      `ts=${ts} level=info msg="order placed" items=3\n`,
      `ts=${ts} level=warn msg=late service=orders region=eu ms=1.5 done=false why=null\n`,
      `ts=${ts} level=error\n`,
    ])
  })

  it('writes an empty line where there is nothing', () => {
    const { log, taken } = logging(bare)
    log.info('')
    assert.deepEqual(taken(), ['\n'])
  })

  it('keeps a key that comes twice', () => {
    const { log, taken } = logging(bare)
    log.with({ k: 1 }).info('', { k: 2 })
    assert.deepEqual(taken(), ['k=1 k=2\n'])
  })

  it('writes the lines of the walk-through', () => {
    const took = new Duration(0.002455)
    const fields = { method: 'uppercase', input: 'hello, world', output: 'HELLO, WORLD', err: null, took }
    assert.equal(written(fields), 'method=uppercase input="hello, world" output="HELLO, WORLD" err=null took=2.455µs')
  })

  const cause = new Error('connect ECONNREFUSED')
  const values: readonly (readonly [name: string, value: unknown, written: string])[] = [
    ['an empty text', '', ''],
    ['the text null', 'null', '"null"'],
    ['null', null, 'null'],
    ['true', true, 'true'],
    ['a fraction', 1.5, '1.5'],
    ['a large number', 1e21, '1e+21'],
    ['NaN', NaN, 'NaN'],
    ['a bigint', 12n, '12'],
    ['bytes', new TextEncoder().encode('hi there'), '"hi there"'],
    ['bytes that are no text', new Uint8Array([0xff, 0x20]), '"\\ufffd "'],
    ['an error and its cause', new Error('order failed', { cause }), '"order failed: connect ECONNREFUSED"'],
    ['a duration', new Duration(1_500), '1.5s'],
    ['a moment', new Date('2024-01-02T03:04:05.006Z'), '2024-01-02T03:04:05.006Z'],
    ['a URL', new URL('http://a.test/?b=c'), '"http://a.test/?b=c"'],
    ['a list', [1, 'a', [true]], '"[1,\\"a\\",[true]]"'],
    ['a list of numbers', [1, 2], '[1,2]'],
    ['an object', { a: 1 }, '"{\\"a\\":1}"'],
    ['a map', new Map([['a', 1]]), '"{\\"a\\":1}"'],
    ['what a function gives', () => 'late', 'late'],
  ]
  for (const [name, value, text] of values) {
    it(`writes ${name} as ${text === '' ? 'nothing' : text}`, () => assert.equal(written({ k: value }), `k=${text}`))
  }

  it('leaves out what is undefined, and cleans keys', () => {
    assert.equal(written({ a: undefined, 'b c': 1, '': 2 }), 'bc=1 _=2')
  })

  it('gives a reader the same pairs back', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
    })
    const texts = fc.oneof(fc.string({ unit: anyUnit, maxLength: 8 }), fc.string({ maxLength: 40 }))
    const pair = fc.tuple(texts, fc.oneof(texts, anything))
    const fields = fc.array(pair, { maxLength: 6 }).map((pairs): Fields => Object.fromEntries(pairs))
    const { log, taken, records } = logging()
    fc.assert(
      fc.property(fields, texts, fields, (bound, message, own) => {
        log.with(bound).info(message, own)
        const [line = '', ...others] = taken()
        assert.deepEqual(others, [])
        const record = records.at(-1) ?? assert.fail('there was no record')
        const pairs = [...chainOf(record.bound), record].flatMap((node) => Object.entries(node.fields ?? {}))
        assert.deepEqual(pairsOf(line), [
          ['ts', ts],
          ['level', 'info'],
          ...(message === '' ? [] : [['msg', message.toWellFormed()]]),
          ...pairs
            .filter(([, value]) => value !== undefined)
            .map(([key, value]) => [keyText(key), textOf(value).toWellFormed()]),
        ])
      }),
      { numRuns: 500 },
    )
  })

  it('takes other keys, and leaves out what has none', () => {
    const line = (options: LogfmtOptions) => {
      const { log, taken } = logging(options)
      log.with({ a: 1 }).info('m', { b: 2 })
      return taken().join('')
    }
    assert.equal(
      line({ timeKey: 't', levelKey: 'severity', messageKey: 'text' }),
      `t=${ts} severity=info text=m a=1 b=2\n`,
    )
    assert.equal(line({ timeKey: false }), 'level=info msg=m a=1 b=2\n')
    assert.equal(line({ levelKey: false }), `ts=${ts} msg=m a=1 b=2\n`)
    assert.equal(line(bare), 'msg=m a=1 b=2\n')
  })

  it('remembers keys, but not without end', () => {
    const { log, taken } = logging(bare)
    for (let i = 0; i < 3_000; i++) log.info('', { [`key ${i}`]: i })
    assert.deepEqual(
      taken(),
      Array.from({ length: 3_000 }, (_, i) => `key${i}=${i}\n`),
    )
  })

  it('refuses keys that make no sense', () => {
    assert.throws(() => logfmtSink({ write() {} }, { messageKey: 'level' }), TypeError)
  })

  it('flushes what it writes to, and says what that has dropped', async () => {
    let flushed = 0
    const sink = logfmtSink({ write() {}, dropped: 3, flush: async () => void flushed++ })
    await sink.flush?.()
    assert.deepEqual([flushed, sink.dropped], [1, 3])
    const plainest = logfmtSink({ write() {} })
    await plainest.flush?.()
    assert.equal(plainest.dropped, 0)
  })
})
