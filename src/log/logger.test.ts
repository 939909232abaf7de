// Tests of logger.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Context, rootContext } from '../core/context.ts'
import { requestId } from '../core/inbound.ts'
import { logRecorder } from '../testing/log-recorder.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import type { Level } from './level.ts'
import { LoggedError } from './log-value.ts'
import { type Fields, type LoggerOptions, logger, type SinkFailed } from './logger.ts'
import { redact } from './redact.ts'
import type { Sink } from './sink.ts'

function setUp(options?: LoggerOptions) {
  const clock = manualClock({ wallStartAt: 1_000 })
  const sink = logRecorder()
  return { clock, sink, log: logger(sink, { clock, ...options }) }
}

describe('logger', () => {
  it('logs message and fields at each level', () => {
    const { log, sink } = setUp({ level: 'debug' })
    log.debug('a')
    log.info('b', { n: 1 })
    log.warn('c', {})
    log.error('')
    log.log('warn', 'd', { n: 2 })
    assert.deepEqual(sink.entries, [
      { level: 'debug', message: 'a', fields: {} },
      { level: 'info', message: 'b', fields: { n: 1 } },
      { level: 'warn', message: 'c', fields: {} },
      { level: 'error', message: '', fields: {} },
      { level: 'warn', message: 'd', fields: { n: 2 } },
    ])
    assert.equal(sink.records[0]?.at, 1_000)
  })

  it('calls a function for its fields only if the record is written', () => {
    const { log, sink } = setUp()
    let made = 0
    const fields = () => ({ n: ++made })
    log.debug('a', fields)
    log.info('b', fields)
    logger({ write() {}, skips: ({ message }) => message === 'c' }).info('c', fields)
    assert.deepEqual([made, sink.entries], [1, [{ level: 'info', message: 'b', fields: { n: 1 } }]])
  })

  it('logs what a function for its fields throws', () => {
    const { log, sink } = setUp()
    log.info('m', () => {
      throw new RangeError('no fields')
    })
    const error = sink.records[0]?.fields?.['error']
    assert.ok(error instanceof LoggedError)
    assert.equal(error.text, 'RangeError: no fields')
    assert.equal(log.dropped, 0)
  })

  it('binds fields, and changes no other logger', () => {
    const { log, sink } = setUp()
    const child = log.with({ a: 1 })
    const [left, right] = [child.with({ b: 2 }), child.with({ b: 3, a: 4 })]
    for (const each of [log, child, left, right]) each.info('m', { c: 5 })
    assert.deepEqual(
      sink.entries.map(({ fields }) => fields),
      [{ c: 5 }, { a: 1, c: 5 }, { a: 1, b: 2, c: 5 }, { a: 4, b: 3, c: 5 }],
    )
  })

  it('adds what a context says, bound or for one record', () => {
    const { log, sink, clock } = setUp()
    const ctx = rootContext({ clock, deadlineAt: 250 }).with(requestId, 'r-1')
    log.info('m', { a: 1 }, ctx)
    log.with({ a: 1 }, ctx).info('m')
    log.with({ b: 1 }).info('m', undefined, ctx)
    log.info('m')
    const said = { request_id: 'r-1', deadline: '1970-01-01T00:00:01.250Z' }
    assert.deepEqual(
      sink.entries.map(({ fields }) => fields),
      [{ ...said, a: 1 }, { ...said, a: 1 }, { b: 1, ...said }, {}],
    )
    for (const other of [null, {}, 'ctx'])
      log.with({ a: 1 }, other as unknown as Context).info('m', {}, other as unknown as Context)
  })

  it('does not look at what is not logged', () => {
    const { log, sink } = setUp({ level: 'error' })
    const fields = new Proxy({}, { ownKeys: () => assert.fail('was listed'), get: () => assert.fail('was read') })
    const lazy = log.with({ a: () => assert.fail('was called') })
    for (const each of [log, lazy]) {
      each.debug('m', fields)
      each.info('m', fields)
      each.warn('m', fields)
      each.log('warn', 'm', fields)
    }
    assert.deepEqual(sink.records, [])
  })

  it('keeps the values of own fields as they were', () => {
    const { log, sink } = setUp()
    const user = { name: 'n', tags: ['t'] }
    const fields = { user, n: 1 }
    log.info('m', fields)
    user.name = 'm'
    user.tags.push('u')
    fields.n = 2
    assert.deepEqual(sink.entries[0]?.fields, { user: { name: 'n', tags: ['t'] }, n: 1 })
  })

  it('keeps the fields that it bound as they were, below a function too', () => {
    const { log, sink } = setUp()
    const user = { name: 'n' }
    const bound = log.with({ at: () => 1 }).with({ user })
    bound.info('first')
    user.name = 'm'
    bound.info('second')
    assert.deepEqual(
      sink.entries.map(({ fields }) => fields),
      [
        { user: { name: 'n' }, at: 1 },
        { user: { name: 'n' }, at: 1 },
      ],
    )
  })
})

describe('functions as values', () => {
  it('are called once for each record, without arguments', () => {
    const { log, sink } = setUp()
    const calls: unknown[][] = []
    const bound = log.with({
      n: (...args: unknown[]) => {
        calls.push(args)
        return calls.length
      },
    })
    bound.info('a')
    bound.debug('b')
    bound.with({ c: 1 }).info('c')
    log.info('d', { own: () => ({ deep: new Date(0) }) })
    assert.deepEqual(calls, [[], []])
    assert.deepEqual(
      sink.entries.map(({ fields }) => fields),
      [{ n: 1 }, { c: 1, n: 2 }, { own: { deep: '1970-01-01T00:00:00.000Z' } }],
    )
  })

  it('may throw, fail later, and give secrets, errors or functions', () => {
    const { log, sink } = setUp()
    const values = {
      throws() {
        throw new Error('no')
      },
      async later() {
        throw new Error('no')
      },
      session: () => ({ token: 't' }),
      error: () => new Error('x'),
      again: () => () => 1,
    }
    log.with(values).info('m')
    const { error, ...rest } = sink.entries[0]?.fields ?? {}
    assert.ok(error instanceof LoggedError)
    assert.deepEqual(rest, {
      throws: '[threw: no]',
      later: '[Promise]',
      session: { token: '[redacted]' },
      again: '[function ]',
    })
  })

  it('may log', () => {
    const { log, sink } = setUp()
    const bound = log.with({
      loud: () => {
        bound.info('from within')
        return 1
      },
    })
    bound.info('m')
    assert.deepEqual(
      sink.records.map(({ message }) => message),
      ['from within', 'from within', 'm'],
    )
  })
})

describe('levels of loggers', () => {
  it('are shared, and change for all at once', () => {
    const { log, sink } = setUp()
    const child = log.with({ a: 1 })
    assert.equal(log.level, 'info')
    child.level = 'debug'
    assert.deepEqual([log.level, child.with({ b: 1 }).level], ['debug', 'debug'])
    log.debug('a')
    log.level = 'off'
    for (const level of ['debug', 'info', 'warn', 'error'] as const) {
      child[level]('b')
      child.log(level, 'b')
    }
    log.level = 'warn'
    child.info('c')
    child.warn('d')
    assert.deepEqual(
      sink.records.map(({ message }) => message),
      ['a', 'd'],
    )
  })

  it('count for methods that were taken off their logger while they logged', () => {
    const { log, sink } = setUp()
    const info = log.info.bind(log)
    const debug = log.debug.bind(log)
    log.level = 'error'
    info('a')
    log.level = 'debug'
    info('b')
    debug('c')
    assert.deepEqual(
      sink.records.map(({ message }) => message),
      ['b'],
    )
  })

  it('can be asked for', () => {
    const { log } = setUp({ level: 'warn' })
    assert.deepEqual(
      (['debug', 'info', 'warn', 'error'] as const).map((level) => log.isEnabled(level)),
      [false, false, true, true],
    )
    log.level = 'off'
    assert.equal(log.isEnabled('error'), false)
  })

  it('off is none to log at, and one that nobody knows is an error', () => {
    const { log, sink } = setUp()
    log.log('off' as Level, 'a')
    assert.equal(log.isEnabled('off' as Level), false)
    for (const level of ['fatal', 'toString', undefined, 7]) {
      assert.equal(log.isEnabled(level as Level), true)
      log.log(level as Level, 'b')
    }
    assert.deepEqual(sink.entries, Array(4).fill({ level: 'error', message: 'b', fields: {} }))
    log.level = 'off'
    log.log('fatal' as Level, 'c')
    assert.equal(sink.records.length, 4)
  })

  it('are refused when they are none, and stay what they were', () => {
    const { log } = setUp()
    assert.throws(() => {
      log.level = 'verbose' as Level
    }, TypeError)
    assert.equal(log.level, 'info')
    log.level = ' WARN ' as Level
    assert.equal(log.level, 'warn')
  })
})

describe('secrets', () => {
  it('are hidden in own fields, bound ones, and what functions give', () => {
    const { log, sink } = setUp()
    log
      .with({ token: 's', user: { password: 's' } })
      .info('m', { accessToken: 's', deep: [{ secret: 's' }], f: () => ({ cookie: 's' }) })
    assert.doesNotMatch(JSON.stringify(sink.entries), /"s"/)
  })

  it('are those that the program says', () => {
    const { log, sink } = setUp({ redact: redact({ keys: ['pin'], paths: ['user.email'], censor: '***' }) })
    log.info('m', { pin: 1, token: 't', user: { email: 'e' } })
    const shown = setUp({ redact: false })
    shown.log.info('m', { token: 't' })
    assert.deepEqual(sink.entries[0]?.fields, { pin: '***', token: '***', user: { email: '***' } })
    assert.deepEqual(shown.sink.entries[0]?.fields, { token: 't' })
  })
})

describe('sinks that fail', () => {
  const error = new Error('full')
  const failing: Sink = {
    write() {
      throw error
    },
    dropped: 3,
    flush: () => Promise.reject(error),
  }

  it('stop nobody, are counted, and are told of once', async () => {
    const onError = recorder<SinkFailed>()
    const log = logger(failing, { onError, clock: manualClock() })
    const child = log.with({ a: 1 })
    log.info('m')
    child.error('m')
    await log.flush()
    assert.deepEqual([log.dropped, child.dropped, onError.events], [5, 5, [{ error, lost: 1 }]])
  })

  it('may be asynchronous, which ends no process', async () => {
    const log = logger({ write: async () => Promise.reject(error) }, { onError() {} })
    log.info('m')
    await new Promise(setImmediate)
    assert.equal(log.dropped, 1)
  })

  it('may log themselves, until there is no room to', () => {
    const log = logger({ write: () => log.info('again') }, { onError() {} })
    log.info('m')
    assert.ok(log.dropped >= 1)
  })
})

describe('flush', () => {
  it('waits for the sink', async () => {
    let flushed = false
    const log = logger({
      write() {},
      flush: async () => {
        await Promise.resolve()
        flushed = true
      },
    })
    await log.with({ a: 1 }).flush()
    assert.equal(flushed, true)
    await logger({ write() {} }).flush()
  })
})

describe('options', () => {
  it('are refused where they make no sense', () => {
    const sink = logRecorder()
    assert.throws(
      () => logger(undefined as unknown as Sink),
      /^TypeError: a sink must be an object with a method write/,
    )
    assert.throws(() => logger(sink, { level: 'verbose' as Level }), /^TypeError: level must be one of/)
    for (const wrong of [true, {}, { keys: ['pin'] }, null])
      assert.throws(
        () => logger(sink, { redact: wrong as never }),
        /^TypeError: redact must be false, or what redact\(\) gives/,
      )
    assert.throws(() => logger(sink, { onError: 'print' as never }), /^TypeError: onError must be a function/)
  })

  it('may be left out, or undefined', () => {
    const sink = logRecorder()
    const log = logger(sink, { level: undefined, redact: undefined, onError: undefined, clock: undefined })
    log.debug('a')
    log.info('b', { token: 't' } satisfies Fields)
    assert.deepEqual(sink.entries, [{ level: 'info', message: 'b', fields: { token: '[redacted]' } }])
  })
})
