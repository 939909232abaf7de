// Tests of sink.ts, with the real pino.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { destination, type LoggerOptions, pino } from 'pino'
import { manualClock } from '../../testing/manual-clock.ts'
import { logger } from '../logger.ts'
import { type PinoLogger, type PinoOptions, pinoSink } from './sink.ts'

function scene(given: LoggerOptions = {}, options?: PinoOptions) {
  const lines: Record<string, unknown>[] = []
  const write = (line: string) => void lines.push(JSON.parse(line))
  const theirs = pino({ level: 'debug', base: null, timestamp: false, ...given }, { write })
  return { lines, theirs, log: logger(pinoSink(theirs, options), { level: 'debug', redact: false }) }
}

describe('the sink of pino', () => {
  it('writes as the logger itself would, with its serializers, redaction and mixin', () => {
    const { log, lines, theirs } = scene({
      redact: ['card.number'],
      serializers: { user: ({ id }) => id },
      mixin: () => ({ region: 'eu' }),
      msgPrefix: '[orders] ',
    })
    log.with({ user: { id: 7, name: 'ada' } }).info('placed %s', { card: { number: '4111' }, items: 3 })
    theirs.child({ user: { id: 7 } }).info({ card: { number: '4111' }, items: 3 }, 'placed %s')
    assert.deepEqual(lines[0], {
      level: 30,
      user: 7,
      region: 'eu',
      card: { number: '[Redacted]' },
      items: 3,
      msg: '[orders] placed %s',
    })
    assert.deepEqual(lines[1], lines[0])
  })

  it('renders what is bound once, in a child, and its level is that of the logger', () => {
    let children = 0
    const { log, lines, theirs } = scene({ onChild: () => void children++ })
    const bound = log.with({ service: 'orders' }).with({ shard: 1 })
    for (const _ of [1, 2, 3]) bound.debug('m')
    assert.equal(children, 2)
    theirs.level = 'warn'
    bound.info('not seen')
    bound.warn('seen')
    assert.deepEqual(
      lines.map(({ msg }) => msg),
      ['m', 'm', 'm', 'seen'],
    )
    assert.deepEqual(lines.at(-1), { level: 40, service: 'orders', shard: 1, msg: 'seen' })
  })

  it('makes no record that pino leaves out', () => {
    const { log, theirs } = scene({ level: 'error' })
    let made = 0
    log.info('m', () => ({ n: ++made }))
    assert.equal(made, 0)
    theirs.level = 'info'
    log.info('m', () => ({ n: ++made }))
    assert.equal(made, 1)
  })

  it('writes errors as pino does, also for the key of its serializer', () => {
    const { log, lines } = scene()
    const error = Object.assign(new TypeError('failed', { cause: new Error('refused') }), { code: 'E1' })
    log.error('', { error, err: error })
    const [line] = lines as [{ error: Record<string, unknown>; err: Record<string, unknown>; msg: string }]
    assert.deepEqual([line.error['type'], line.error['message'], line.error['code']], ['TypeError', 'failed', 'E1'])
    assert.match(String(line.error['stack']), /^TypeError: failed\n +at /)
    assert.deepEqual([line.err['type'], line.err['message'], line.err['code']], ['TypeError', 'failed: refused', 'E1'])
    assert.match(String(line.err['stack']), /caused by: Error: refused/)
    // As pino has it where there is no message.
    assert.equal(line.msg, 'failed')
  })

  it('takes levels of other names', () => {
    const options: LoggerOptions = {
      level: 'low',
      customLevels: { low: 10, high: 50 },
      useOnlyCustomLevels: true,
    } as never
    const levels = { debug: 'low', info: 'low', warn: 'high', error: 'high' }
    const { log, lines } = scene(options, { levels })
    for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level]('m')
    assert.deepEqual(
      lines.map(({ level }) => level),
      [10, 10, 50, 50],
    )
    assert.throws(() => scene(options), {
      name: 'TypeError',
      message: 'levels.debug must be a level of the logger, which has no "debug"',
    })
  })

  it('writes fields that look like a request of Node as fields', () => {
    const { log, lines } = scene()
    log.info('m', { method: 'GET', headers: { a: 1 }, socket: 'x' })
    log.with({ level: 'high' }).info('m', { method: 'GET', headers: { a: 1 }, socket: 'x' })
    assert.deepEqual(lines[0], { level: 30, method: 'GET', headers: { a: 1 }, socket: 'x', msg: 'm' })
    assert.equal(lines[1]?.['method'], 'GET')
  })

  it('counts what pino throws at, and goes on', () => {
    const write = () => {
      throw new Error('disk full')
    }
    const failures: unknown[] = []
    const log = logger(pinoSink(pino({}, { write })), { onError: (event) => failures.push(event) })
    log.info('m')
    log.with({ a: 1 }).info('m')
    assert.equal(log.dropped, 2)
    assert.equal(failures.length, 1)
  })

  it('flushes a destination of pino, and leaves it to the user to close', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'servicekit-pino-'))
    await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
    const path = join(folder, 'log')
    const to = destination({ dest: path, sync: false, minLength: 16_000 })
    const log = logger(pinoSink(pino({ base: null }, to)))
    for (let n = 0; n < 100; n++) log.info('m', { n })
    await log.flush()
    assert.equal((await readFile(path, 'utf8')).split('\n').length, 101)
    to.end()
  })

  it('waits no longer for a flush than it may', async () => {
    const clock = manualClock()
    const theirs = pino({ enabled: false })
    theirs.flush = () => {}
    const sink = pinoSink(theirs, { clock, flushTimeoutMs: 100 })
    let isOver = false
    void sink.flush?.().then(() => {
      isOver = true
    })
    await clock.advance(99)
    assert.equal(isOver, false)
    await clock.advance(1)
    assert.equal(isOver, true)
  })

  it('refuses what is no logger of pino', () => {
    for (const wrong of [undefined, {}, console, pino])
      assert.throws(() => pinoSink(wrong as never), /^TypeError: logger must be what pino\(\) gives$/)
    assert.throws(() => pinoSink(pino({ enabled: false }) satisfies PinoLogger, { flushTimeoutMs: -1 }), RangeError)
  })
})
