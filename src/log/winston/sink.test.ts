// Tests of sink.ts, with the real winston.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import winston from 'winston'
import { manualClock } from '../../testing/manual-clock.ts'
import { logger } from '../logger.ts'
import { type WinstonLogger, type WinstonOptions, winstonSink } from './sink.ts'

function scene(given: winston.LoggerOptions = {}, options?: WinstonOptions) {
  const lines: Record<string, unknown>[] = []
  const stream = new Writable({
    write(line, _encoding, next) {
      lines.push(JSON.parse(String(line)))
      next()
    },
  })
  const theirs = winston.createLogger({
    level: 'debug',
    transports: [new winston.transports.Stream({ stream })],
    ...given,
  })
  return { lines, theirs, log: logger(winstonSink(theirs, options), { level: 'debug', redact: false }) }
}

describe('the sink of winston', () => {
  it('writes as the logger itself would, with its formats and what it adds', async () => {
    const format = winston.format.combine(winston.format.label({ label: 'api' }), winston.format.json())
    const { log, lines, theirs } = scene({ format, defaultMeta: { region: 'eu' } })
    log.with({ service: 'orders' }).info('placed', { items: 3 })
    theirs.info('placed', { items: 3, service: 'orders' })
    const child = logger(winstonSink(theirs.child({ shard: 1 })))
    child.info('%s', { region: 'us' })
    await log.flush()
    assert.deepEqual(lines[0], {
      level: 'info',
      message: 'placed',
      label: 'api',
      region: 'eu',
      service: 'orders',
      items: 3,
    })
    assert.deepEqual(lines[1], lines[0])
    assert.deepEqual(lines[2], { level: 'info', message: '%s', label: 'api', region: 'us', shard: 1 })
  })

  it('has the levels of syslog', async () => {
    const { log, lines } = scene({ levels: winston.config.syslog.levels })
    for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level]('m')
    await log.flush()
    assert.deepEqual(
      lines.map(({ level }) => level),
      ['debug', 'info', 'warning', 'error'],
    )
  })

  it('makes no record that winston leaves out', () => {
    const { log, theirs } = scene({ level: 'error' })
    let made = 0
    log.info('m', () => ({ n: ++made }))
    assert.equal(made, 0)
    theirs.level = 'debug'
    log.info('m', () => ({ n: ++made }))
    assert.equal(made, 1)
  })

  it('writes errors with their causes, and keeps fields from what winston looks for', async () => {
    const { log, lines } = scene()
    const error = new TypeError('failed', { cause: new Error('refused') })
    log.with({ bound: error }).error('m', { error, level: 'x', message: 'y', exception: true })
    log.with({ level: 'x' }).warn('m')
    await log.flush()
    const [first, second] = lines as [Record<string, Record<string, unknown>>, Record<string, unknown>]
    assert.deepEqual(
      [first['level'], first['message'], first['level_'], first['message_'], first['exception_']],
      ['error', 'm', 'x', 'y', true],
    )
    for (const key of ['error', 'bound']) {
      assert.deepEqual([first[key]?.['name'], first[key]?.['message']], ['TypeError', 'failed'])
      assert.match(String(first[key]?.['stack']), /^TypeError: failed\n +at /)
      assert.deepEqual(Object.keys(first[key]?.['cause'] ?? {}), ['message', 'name', 'stack'])
    }
    assert.deepEqual(second, { level: 'warn', message: 'm', level_: 'x' })
  })

  it('lets what was bound be, whatever formats do to it', async () => {
    const format = winston.format.combine(
      winston.format((info) => {
        delete info['service']
        ;(info['nested'] as { n: number }).n++
        return info
      })(),
      winston.format.json(),
    )
    const { log, lines } = scene({ format })
    const bound = log.with({ service: 'orders' })
    for (const _ of [1, 2]) bound.info('m', { nested: { n: 1 } })
    await log.flush()
    assert.deepEqual(lines[1], { level: 'info', message: 'm', nested: { n: 2 } })
  })

  it('drops what transports do not keep up with, and counts it', async () => {
    const slow = {
      writable: true,
      writableLength: 0,
      levels: winston.config.npm.levels,
      write: () => ++slow.writableLength > 0,
    }
    const log = logger(winstonSink(slow, { maxPendingRecords: 100 }))
    for (let n = 0; n < 250; n++) log.info('m')
    assert.deepEqual([slow.writableLength, log.dropped], [100, 150])
  })

  it('counts what is written after the end of the logger', async () => {
    const { log, theirs, lines } = scene()
    log.info('before')
    theirs.end()
    await once(theirs, 'finish')
    log.info('after')
    log.info('after')
    assert.equal(log.dropped, 2)
    assert.equal(lines.length, 1)
  })

  it('counts what a format throws at, and goes on', async () => {
    let broken = true
    const format = winston.format((info) => {
      if (broken) throw new Error('format broken')
      return info
    })()
    const { log, lines } = scene({ format: winston.format.combine(format, winston.format.json()) })
    const told: unknown[] = []
    const heard = logger(winstonSink(scene({ format: winston.format.combine(format, winston.format.json()) }).theirs), {
      onError: (event) => told.push(event),
    })
    heard.info('lost')
    assert.equal(heard.dropped, 1)
    assert.equal(told.length, 1)
    broken = false
    log.info('m')
    await log.flush()
    assert.equal(lines.length, 1)
  })

  it('flushes until the transports have taken all; files have it when the logger has ended', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'servicekit-winston-'))
    await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
    const filename = join(folder, 'log')
    const transport = new winston.transports.File({ filename })
    const theirs = winston.createLogger({ transports: [transport] })
    const log = logger(winstonSink(theirs))
    for (let n = 0; n < 1_000; n++) log.info('m', { n })
    await log.flush()
    theirs.end()
    await once(transport, 'finish')
    assert.equal((await readFile(filename, 'utf8')).split('\n').length, 1_001)
    assert.equal(log.dropped, 0)
  })

  it('waits no longer for a flush than it may', async () => {
    const clock = manualClock()
    const stuck: WinstonLogger = {
      writable: true,
      writableLength: 1,
      levels: winston.config.npm.levels,
      write: () => true,
    }
    const sink = winstonSink(stuck, { clock, flushTimeoutMs: 100 })
    let isOver = false
    void sink.flush?.().then(() => {
      isOver = true
    })
    await clock.advance(95)
    assert.equal(isOver, false)
    await clock.advance(10)
    assert.equal(isOver, true)
  })

  it('refuses what is no logger of winston', () => {
    for (const wrong of [undefined, {}, console, winston.format])
      assert.throws(
        () => winstonSink(wrong as never),
        /^TypeError: logger must be what createLogger\(\) of winston gives$/,
      )
    assert.throws(() => winstonSink(scene().theirs, { maxPendingRecords: 0 }), RangeError)
    assert.throws(() => winstonSink(scene().theirs, { flushTimeoutMs: -1 }), RangeError)
  })
})
