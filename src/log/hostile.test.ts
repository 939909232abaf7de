// The promise of the logger, against whatever can be thought of: it never throws, what it writes is bounded, and secrets stay at home.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import type { LogRecord } from './log-record.ts'
import { chainOf } from './log-record.ts'
import { LoggedError, type LogValue, logLimits } from './log-value.ts'
import { logfmtSink } from './logfmt/sink.ts'
import { type Fields, type Logger, logger } from './logger.ts'
import { tee } from './tee.ts'

const secret = 's3cr3t'

// The room that a record has, once for its own fields and once for those bound before, and its message. The last key or
// mark that is added may take more than what is left, but no more than a thousand characters in each.
const mostChars = 2 * (logLimits.recordChars + 1_000) + logLimits.stringChars + 30
// Control characters become `\u0001` in JSON and then `\\u0001` in logfmt; a number is at most 25 characters and counts for 16.
const mostRendered = mostChars * (7 + 25 / logLimits.valueChars)

function charsOf(value: LogValue): number {
  if (typeof value === 'string') return 16 + value.length
  if (value instanceof LoggedError) return charsOf(value.text) + charsOf(value.details)
  if (value instanceof Uint8Array) return 16 + value.length
  if (typeof value !== 'object' || value === null) return 16
  return Object.entries(value).reduce((sum: number, [key, member]) => sum + key.length + charsOf(member), 16)
}

function charsOfRecord({ message, bound, fields }: LogRecord): number {
  return [...chainOf(bound).map((node) => node.fields), fields].reduce(
    (sum, each) => sum + charsOf(each),
    message.length,
  )
}

function thrower(): never {
  throw new Error('hostile')
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const everyTrap = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((trap) => [trap, thrower]))
const huge = 'x'.repeat(1_000_000)
const oddities = fc.constantFrom<() => unknown>(
  revoked,
  () => thrower,
  () => new Proxy({}, everyTrap),
  () => new Proxy([], everyTrap),
  () => new Proxy(new Error('x'), everyTrap),
  () => new Proxy(new Date(), {}),
  () => huge,
  () => Array(1_000).fill(huge),
  () => Array.from({ length: 1_000 }, (_, i) => ({ [`k${i}`]: huge })),
  () => ({ [huge]: huge }),
  () => new Map([[huge, new Map([[huge, huge]])]]),
  () => Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`k${i}`, i])),
  () => new Uint8Array(1_000_000),
  () => new BigUint64Array(1_000),
  () => new SharedArrayBuffer(10),
  () => 10n ** 100_000n,
  () => Symbol(huge),
  () => -0,
  () => new Date(NaN),
  () => Object.create(Date.prototype),
  () => Object.create(Map.prototype),
  () => Object.create(URL.prototype),
  () => Promise.resolve(),
  () => new WeakMap(),
  () => globalThis,
  () =>
    new (class Deep {
      get next() {
        return new Deep()
      }
      toJSON() {
        return { next: this.next, next2: this.next }
      }
    })(),
  () => ({ [Symbol.toPrimitive]: thrower, toString: thrower, valueOf: thrower, [Symbol.toStringTag]: huge }),
  () => Object.defineProperty(() => {}, 'name', { get: thrower }),
  () => runInNewContext('const a = [new Error("x"), new Map([["a", 1]])]; a.push(a); a'),
  () =>
    new AggregateError(
      Array.from({ length: 200 }, () => new Error(huge, { cause: new Error(huge) })),
      huge,
    ),
  () => {
    const error = new Error('cycle')
    error.cause = new AggregateError([error, new Error('x', { cause: error })])
    return error
  },
)
const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  withUnicodeString: true,
})
const secretKeys = fc.constantFrom(
  'password',
  'accessToken',
  'X-API-Key',
  'Set-Cookie',
  'AUTHORIZATION',
  'client_secret',
  'PGPASSWORD',
)
const keys = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('a', 'b', 'error', '__proto__', 'constructor', 'toJSON', 'headers'),
)
const secrets = fc.constantFrom<() => unknown>(
  () => secret,
  () => [secret],
  () => ({ deep: { deeper: secret } }),
  () => () => secret,
  () => new Error(secret),
  () => new Map([[secret, secret]]),
  () => new Date(),
  () => Buffer.from(secret),
)

/** Makes a value anew: fast-check itself looks at what it generates. */
type Make = () => unknown

const made = (makes: readonly Make[]) => makes.map((make) => make())

/** Values that hold values that hold values, in every way that there is, and somewhere among them secrets under their keys. */
const { tree } = fc.letrec<{ tree: Make; node: Make }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    anything.map((value) => () => value),
    oddities,
    tie('node'),
  ),
  node: fc.oneof(
    fc.array(tie('tree'), { maxLength: 4 }).map((makes) => () => made(makes)),
    fc
      .array(fc.tuple(keys, tie('tree')), { maxLength: 4 })
      .map((pairs) => () => Object.fromEntries(pairs.map(([key, make]) => [key, make()]))),
    fc
      .array(fc.tuple(tie('tree'), tie('tree')), { maxLength: 3 })
      .map((pairs) => () => new Map(pairs.map(([key, make]) => [key(), make()]))),
    fc.array(tie('tree'), { maxLength: 3 }).map((makes) => () => new Set(made(makes))),
    fc.tuple(fc.string(), tie('tree')).map(
      ([message, make]) =>
        () =>
          new Error(message, { cause: make() }),
    ),
    fc.array(tie('tree'), { maxLength: 3 }).map((makes) => () => new AggregateError(made(makes), 'all')),
    tie('tree').map((make) => () => ({ toJSON: make })),
    tie('tree').map((make) => () => Object.defineProperty({}, 'lazy', { get: make, enumerable: true })),
    tie('tree').map((make) => () => make),
    tie('tree').map((make) => () => new Proxy({ given: make() }, {})),
    fc.tuple(secretKeys, secrets, keys, tie('tree')).map(([hidden, secretly, key, make]) => () => ({
      [hidden]: secretly(),
      [key]: make(),
    })),
    fc.tuple(secretKeys, secrets).map(
      ([hidden, secretly]) =>
        () =>
          new Map([[hidden, secretly()]]),
    ),
    fc.tuple(secretKeys, secrets).map(([hidden, secretly]) => () => [[hidden, secretly()]]),
    secretKeys.map((hidden) => () => ({ rawHeaders: ['Host', 'x', hidden, secret] })),
    secretKeys.map((hidden) => () => Object.assign(new Error('x'), { [hidden]: secret })),
    secretKeys.map((hidden) => () => new URL(`https://u:${secret}@h/?a=1&${hidden}=${secret}`)),
    secretKeys.map((hidden) => () => Object.defineProperty({}, hidden, { get: thrower, enumerable: true })),
  ),
}))
const someFields = fc.oneof(
  fc
    .array(fc.tuple(keys, tree), { maxLength: 5 })
    .map((pairs) => () => Object.fromEntries(pairs.map(([key, make]) => [key, make()]))),
  fc.tuple(secretKeys, secrets).map(([hidden, secretly]) => () => ({ [hidden]: secretly() })),
  tree,
)

/** A logger that writes logfmt, and what has come of it. */
function setUp() {
  const lines: string[] = []
  const records: LogRecord[] = []
  const sink = tee(
    { write: (record) => void records.push(record) },
    logfmtSink({ write: (line: string) => lines.push(line) }),
  )
  return { log: logger(sink, { level: 'debug' }), lines, records }
}

describe('a logger', () => {
  it('never throws, writes one bounded line for each record, and no secrets, whatever it is given', () => {
    const levels = fc.constantFrom('debug', 'info', 'warn', 'error')
    fc.assert(
      fc.property(fc.array(someFields, { maxLength: 3 }), levels, tree, someFields, (bound, level, message, fields) => {
        const { log, lines, records } = setUp()
        const child = bound.reduce<Logger>((one, each) => one.with(each() as Fields), log)
        child[level as 'info'](message() as string, fields() as Fields)
        assert.deepEqual([lines.length, records.length, log.dropped], [1, 1, 0])
        const [line = ''] = lines
        assert.equal(line.indexOf('\n'), line.length - 1)
        assert.ok(!line.includes(secret), line.slice(0, 1_000))
        const chars = charsOfRecord(records[0] as LogRecord)
        assert.ok(chars <= mostChars, `${chars} characters`)
        assert.ok(line.length <= mostRendered, `${line.length} rendered`)
      }),
      { numRuns: 300 },
    )
  })

  it('stays within its bound where all is as large as it can be', () => {
    const { log, lines, records } = setUp()
    const wide = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, i) => [`${i}${'\u0001'.repeat(300)}`, Array(200).fill('\u0001'.repeat(500))]),
    )
    let child = log.with(wide)
    for (let i = 0; i < 120; i++) child = child.with({ [`k${i}`]: () => wide }).with(wide)
    child.error('\u0001'.repeat(100_000), wide)
    const chars = charsOfRecord(records[0] as LogRecord)
    assert.ok(chars > logLimits.recordChars && chars <= mostChars, `${chars} characters`)
    const [line = ''] = lines
    assert.ok(line.length > 500_000 && line.length <= mostRendered, `${line.length} rendered`)
  })
})
