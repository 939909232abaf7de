// Tests of sink.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { manualClock } from '../../testing/manual-clock.ts'
import { chainOf, type LogRecord } from '../log-record.ts'
import { type LogValue, plain } from '../log-value.ts'
import { type Fields, logger } from '../logger.ts'
import { type JsonOptions, jsonSink } from './sink.ts'

/** Of UTF-16, halves of pairs included. */
const anyUnit = fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code))

const ts = '2026-11-21T17:04:05.123Z'

/** A logger, and the lines that have come of it since it was asked last; `records` are what they were made of. */
function logging(options?: JsonOptions) {
  let lines: string[] = []
  const records: LogRecord[] = []
  const json = jsonSink({ write: (line: string) => lines.push(line) }, options)
  const sink = {
    write(record: LogRecord) {
      records.push(record)
      json.write(record)
    },
  }
  const clock = manualClock({ wallStartAt: Date.parse(ts) })
  const taken = () => {
    const all = lines
    lines = []
    return all
  }
  return { log: logger(sink, { clock, redact: false, level: 'debug' }), taken, records }
}

const names = fc.oneof(
  fc.constantFrom('ts', 'level', 'msg', 'a', 'b', 'c', '7', '__proto__', 'constructor', 'a"b', ''),
  fc.string({ unit: anyUnit, maxLength: 8 }),
)
const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  withNullPrototype: true,
  withObjectString: true,
  withUnicodeString: true,
})
const values = fc.oneof(
  anything,
  fc.double(),
  fc.string({ unit: anyUnit, size: 'medium' }),
  fc.string({ unit: fc.constantFrom('\u2028', '\u2029', '\ud800', '\udc00', 'é', '"', '\\', '\n', '\x7f', 'a') }),
  fc.string().map((message) => new Error(message, { cause: new TypeError('cause') })),
  anything.map((given) => () => given),
)
const someFields = fc.array(fc.tuple(names, values), { maxLength: 5 }).map((pairs): Fields => Object.fromEntries(pairs))

/** What a reader is to find under the keys of a record; the last value of each, in the place of the first. */
function expected({ message, bound, fields = {} }: LogRecord): Map<string, unknown> {
  const all = new Map<string, unknown>([
    ['ts', ts],
    ['level', 'info'],
  ])
  if (message !== '') all.set('msg', message)
  for (const each of [...chainOf(bound).map((node) => node.fields), fields]) {
    for (const [key, value] of Object.entries(each)) if (value !== undefined) all.set(key, asRead(value))
  }
  return all
}

function asRead(value: LogValue): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : JSON.parse(JSON.stringify(plain(value)))
}

/** Numbers come first as keys of an object, whatever the line says. */
const inOrder = (keys: readonly string[]) => keys.filter((key) => !/^\d+$/.test(key))

const onOneLine = (json: string) =>
  json.replace(/[\x85\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

describe('jsonSink', () => {
  it('writes one object a record: time, level and message, then the fields as they were bound and logged', () => {
    const { log, taken } = logging()
    log.info('order placed', { items: 3 })
    log.with({ service: 'orders' }).with({ region: 'eu' }).warn('late', { ms: 1.5, done: false, why: null })
    log.error('')
    assert.deepEqual(taken(), [
      `{"ts":"${ts}","level":"info","msg":"order placed","items":3}\n`,
      `{"ts":"${ts}","level":"warn","msg":"late","service":"orders","region":"eu","ms":1.5,"done":false,"why":null}\n`,
      `{"ts":"${ts}","level":"error"}\n`,
    ])
  })

  it('writes one line of JSON whatever is logged, with all of it and in order', () => {
    const { log, taken, records } = logging()
    const chain = fc.array(someFields, { maxLength: 3 })
    fc.assert(
      fc.property(chain, fc.string({ unit: anyUnit }), someFields, (bound, message, fields) => {
        bound.reduce((log, each) => log.with(each), log).info(message, fields)
        const [line = '', ...others] = taken()
        assert.deepEqual(others, [])
        assert.match(line, /^\{[^\n\r\x85\u2028\u2029]*\}\n$/)
        assert.ok(line.isWellFormed())

        const all = expected(records.at(-1) ?? assert.fail('there was no record'))
        const read = JSON.parse(line)
        assert.deepEqual(read, Object.fromEntries(all))
        assert.deepEqual(inOrder(Object.keys(read)), inOrder([...all.keys()]))
        // Nothing is there twice.
        assert.equal(line.length, onOneLine(JSON.stringify(read)).length + 1)
      }),
      { numRuns: 500 },
    )
  })

  it('gives a reader the values back that JSON has', () => {
    const { log, taken } = logging()
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        log.with({ a }).info('', { b })
        const read = JSON.parse(taken().join(''))
        assert.deepEqual(read, JSON.parse(JSON.stringify({ ts, level: 'info', a, b })))
      }),
    )
  })

  it('lets the last value of a key stand in the place of the first', () => {
    const { log, taken } = logging()
    const child = log.with({ a: 1, b: 1 }).with({ c: 1, a: 2 })
    child.info('m', { d: 1 })
    child.info('m', { b: 2 })
    child.with({ b: 3 }).info('m', { c: 4 })
    child.info('m', { a: undefined })
    const lines = ['"a":2,"b":1,"c":1,"d":1', '"a":2,"b":2,"c":1', '"a":2,"b":3,"c":4', '"a":2,"b":1,"c":1']
    assert.deepEqual(
      taken(),
      lines.map((line) => `{"ts":"${ts}","level":"info","msg":"m",${line}}\n`),
    )
  })

  it('lets fields stand in the place of time, level and message', () => {
    const { log, taken } = logging()
    log.info('m', { level: 'notice', a: 1 })
    log.with({ msg: 'n' }).info('m', { a: 1 })
    log.with({ ts: 0 }).with({ a: 2 }).info('', { msg: 'o' })
    assert.deepEqual(taken(), [
      `{"ts":"${ts}","level":"notice","msg":"m","a":1}\n`,
      `{"ts":"${ts}","level":"info","msg":"n","a":1}\n`,
      `{"ts":0,"level":"info","a":2,"msg":"o"}\n`,
    ])
  })

  it('knows keys apart, however many there are', () => {
    const { log, taken } = logging()
    const many = Array.from({ length: 3_000 }, (_, i) => `key${i}`)
    const bound = log.with({ key0: 0, key1: 1 })
    for (const [i, key] of many.entries()) bound.info('', { [key]: i, [`${key}again`]: i })
    for (const [i, line] of taken().entries()) {
      assert.deepEqual(Object.values(JSON.parse(line)).slice(2), i < 2 ? [0, 1, i] : [0, 1, i, i])
    }
  })

  it('writes errors with their details, bytes as base64, and numbers that JSON lacks as texts', () => {
    const { log, taken } = logging()
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
    log.info('', { error: new TypeError('failed', { cause }), bytes: new Uint8Array([1, 2, 255]), n: [NaN, -Infinity] })
    log.info('', { nan: NaN, infinite: Infinity, zero: -0, large: 1e21, big: 2n ** 70n })
    const [first = '', second] = taken()
    const { error, bytes, n } = JSON.parse(first)
    assert.equal(typeof error.stack, 'string')
    assert.equal(typeof error.cause.stack, 'string')
    const { stack: _, ...rest } = error
    delete rest.cause.stack
    assert.deepEqual(rest, {
      name: 'TypeError',
      message: 'failed',
      cause: { name: 'Error', message: 'refused', code: 'ECONNREFUSED' },
    })
    assert.deepEqual([bytes, n], ['AQL/', ['NaN', '-Infinity']])
    const pairs = '"nan":"NaN","infinite":"Infinity","zero":0,"large":1e+21,"big":"1180591620717411303424"'
    assert.equal(second, `{"ts":"${ts}","level":"info",${pairs}}\n`)
  })

  it('takes other keys, and leaves out what has none', () => {
    const line = (options: JsonOptions, message = 'm') => {
      const { log, taken } = logging(options)
      log.info(message, { a: 1 })
      log.with({ a: 2 }).info(message, { a: 1 })
      const [first = '', second] = taken()
      assert.equal(second, first)
      return first
    }
    assert.equal(
      line({ timeKey: '@timestamp', levelKey: 'log.level', messageKey: 'message' }),
      `{"@timestamp":"${ts}","log.level":"info","message":"m","a":1}\n`,
    )
    assert.equal(line({ timeKey: false }), '{"level":"info","msg":"m","a":1}\n')
    assert.equal(line({ levelKey: false }), `{"ts":"${ts}","msg":"m","a":1}\n`)
    assert.equal(line({ timeKey: false, levelKey: false }), '{"msg":"m","a":1}\n')
    assert.equal(line({ timeKey: false, levelKey: false }, ''), '{"a":1}\n')
  })

  it('writes an empty object where there is nothing', () => {
    const { log, taken } = logging({ timeKey: false, levelKey: false })
    log.info('')
    log.info('', { a: undefined })
    assert.deepEqual(taken(), ['{}\n', '{}\n'])
  })

  it('refuses keys that make no sense', () => {
    assert.throws(() => jsonSink({ write() {} }, { levelKey: 'ts' }), TypeError)
  })

  it('flushes what it writes to, and says what that has dropped', async () => {
    let flushed = 0
    const to = { write() {}, dropped: 3, flush: async () => void flushed++ }
    const sink = jsonSink(to)
    await sink.flush?.()
    assert.deepEqual([flushed, sink.dropped], [1, 3])
    const plainest = jsonSink({ write() {} })
    await plainest.flush?.()
    assert.equal(plainest.dropped, 0)
  })
})
