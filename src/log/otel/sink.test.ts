// Tests of sink.ts, with the real SDK of OpenTelemetry.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Logger as ApiLogsLogger } from '@opentelemetry/api-logs'
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { rootContext } from '../../core/context.ts'
import { traceContext } from '../../core/inbound.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { logger } from '../logger.ts'
import { type OtelLogger, type OtelOptions, otelSink } from './sink.ts'

const at = Date.UTC(2020, 10, 21, 17, 4, 5, 123)

function scene(options?: OtelOptions) {
  const exporter = new InMemoryLogRecordExporter()
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] })
  const sink = otelSink(provider.getLogger('orders', '1.0'), { flush: () => provider.forceFlush(), ...options })
  const log = logger(sink, { clock: manualClock({ wallStartAt: at }), level: 'debug', redact: false })
  return { provider, log, sink, records: () => exporter.getFinishedLogRecords() }
}

describe('the sink of OpenTelemetry', () => {
  it('tells time, severity, body, attributes and scope', async () => {
    const { log, records } = scene()
    log.with({ service: 'orders' }).info('order placed', { items: [{ sku: 'tea' }], total: 12.5 })
    log.debug('')
    log.warn('w')
    log.error('e')
    await log.flush()
    const [first, second] = records()
    assert.deepEqual(first?.hrTime, [at / 1_000 - 0.123, 123_000_000])
    assert.deepEqual([first?.severityNumber, first?.severityText, first?.body], [9, 'info', 'order placed'])
    assert.deepEqual(first?.attributes, { service: 'orders', items: [{ sku: 'tea' }], total: 12.5 })
    assert.deepEqual([first?.instrumentationScope.name, first?.instrumentationScope.version], ['orders', '1.0'])
    assert.equal(second?.body, undefined)
    assert.deepEqual(
      records().map(({ severityNumber }) => severityNumber),
      [9, 5, 13, 17],
    )
  })

  it('puts a record into the span of its call', async () => {
    const { log, records } = scene()
    const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
    const ctx = rootContext().with(traceContext, { ...ids, flags: 1, state: '' } as never)
    log.info('m', { a: 1 }, ctx)
    log.with({}, ctx).info('m')
    log.info('none')
    await log.flush()
    const spans = records().map(
      ({ spanContext }) => spanContext && { traceId: spanContext.traceId, spanId: spanContext.spanId },
    )
    assert.deepEqual(spans, [ids, ids, undefined])
    assert.deepEqual(records()[0]?.attributes, { a: 1 })
  })

  it('makes no record that the logger does not take', () => {
    const emitted: unknown[] = []
    const theirs: OtelLogger = {
      emit: (record) => emitted.push(record),
      enabled: ({ severityNumber = 0 }) => severityNumber >= 13,
    }
    const log = logger(otelSink(theirs), { level: 'debug' })
    let made = 0
    log.info('m', () => ({ n: ++made }))
    log.warn('m', () => ({ n: ++made }))
    assert.deepEqual([made, emitted.length], [1, 1])
  })

  it('takes the logger of either package of the API, and one that cannot tell whether it is enabled', () => {
    const emitted: unknown[] = []
    const emit = (record: unknown) => emitted.push(record)
    const apiLogs: ApiLogsLogger = { emit, enabled: () => true }
    logger(otelSink(apiLogs)).info('m')
    logger(otelSink({ emit })).info('m')
    assert.equal(emitted.length, 2)
  })

  it('counts what the logger throws at, and goes on', async () => {
    const emit = () => {
      throw new Error('processor broken')
    }
    const told: unknown[] = []
    const log = logger(otelSink({ emit }), { onError: (event) => told.push(event) })
    log.info('m')
    log.info('m')
    assert.deepEqual([log.dropped, told.length], [2, 1])
  })

  it('flushes as it is told to, whatever comes of that, and for no longer than it may', async () => {
    let flushes = 0
    const emit = () => {}
    await otelSink({ emit }).flush?.()
    await otelSink({ emit }, { flush: () => ++flushes }).flush?.()
    await otelSink({ emit }, { flush: () => Promise.reject(new Error(String(++flushes))) }).flush?.()
    assert.equal(flushes, 2)
    const clock = manualClock()
    let isOver = false
    const flushing = otelSink({ emit }, { flush: () => new Promise(() => {}), clock, flushTimeoutMs: 100 }).flush?.()
    void flushing?.then(() => {
      isOver = true
    })
    await clock.advance(99)
    assert.equal(isOver, false)
    await clock.advance(1)
    assert.equal(isOver, true)
  })

  it('refuses what is no logger, and options that make no sense', () => {
    const emit = () => {}
    for (const wrong of [undefined, {}, console])
      assert.throws(() => otelSink(wrong as never), /^TypeError: logger must be what getLogger/)
    assert.throws(() => otelSink({ emit }, { errorKey: 1 as never }), /^TypeError: errorKey must be a text, or false$/)
    assert.throws(() => otelSink({ emit }, { flush: {} as never }), /^TypeError: flush must be a function$/)
    assert.throws(() => otelSink({ emit }, { flushTimeoutMs: -1 }), RangeError)
  })
})
