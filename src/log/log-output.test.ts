// Tests of log-output.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Context } from '../core/context.ts'
import { logRecorder } from '../testing/log-recorder.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { Bindings } from './bindings.ts'
import { LogOutput } from './log-output.ts'
import { LoggedError } from './log-value.ts'
import { redact } from './redact.ts'
import type { Fields } from './safe-fields.ts'
import { SinkGuard } from './sink-guard.ts'

function setUp() {
  const clock = manualClock({ wallStartAt: 1_000 })
  const sink = logRecorder()
  const output = new LogOutput(sink, new SinkGuard(clock, () => {}), clock, redact(), 'info')
  const log = (message: unknown, fields?: unknown, ctx?: unknown) =>
    output.log('info', message as string, Bindings.none(), fields as Fields, ctx as Context)
  return { clock, sink, output, log }
}

describe('LogOutput', () => {
  it('makes records with their time', async () => {
    const { log, sink, clock } = setUp()
    await clock.advance(500)
    log('m', { a: 1 })
    assert.deepEqual(sink.records, [{ at: 1_500, level: 'info', message: 'm', bound: undefined, fields: { a: 1 } }])
  })

  it('has its least severity follow its level', () => {
    const { output } = setUp()
    assert.deepEqual([output.level, output.least], ['info', 20])
    output.level = 'off'
    assert.deepEqual([output.level, output.least], ['off', Infinity])
  })

  it('logs whatever is given as a message', () => {
    const { log, sink } = setUp()
    const hostile = { toString: () => assert.fail('was asked'), token: 't' }
    const messages = [
      undefined,
      null,
      7,
      true,
      7n,
      Symbol('s'),
      { a: 1 },
      ['a'],
      hostile,
      Object.create(null),
      () => {},
    ]
    for (const message of messages) log(message)
    assert.deepEqual(
      sink.records.map(({ message }) => message),
      [
        '',
        '',
        '7',
        'true',
        '7',
        'Symbol(s)',
        '{"a":1}',
        '["a"]',
        '{"toString":"[function toString]","token":"[redacted]"}',
        '{}',
        '[function ]',
      ],
    )
    sink.clear()
    log('x'.repeat(10_000))
    log(Array(100).fill('x'.repeat(1_000)))
    for (const { message } of sink.records)
      assert.ok(message.length < 8_220 && message.endsWith(' more)'), message.slice(-20))
  })

  it('keeps an error that was given as a message, or in place of fields', () => {
    const { log, sink } = setUp()
    const error = new Error('failed', { cause: new Error('refused') })
    log(error)
    log(error, { a: 1 })
    log('m', error)
    assert.deepEqual(
      sink.entries.map(({ message, fields }) => [message, Object.keys(fields)]),
      [
        ['failed: refused', ['error']],
        ['failed: refused', ['error', 'a']],
        ['m', ['error']],
      ],
    )
    for (const { fields } of sink.entries) assert.ok(fields['error'] instanceof LoggedError)
  })

  it('takes null for no fields and for no context', () => {
    const { log, sink } = setUp()
    log('m', null, null)
    assert.deepEqual(sink.entries, [{ level: 'info', message: 'm', fields: {} }])
  })

  it('does not throw what a clock throws', () => {
    const { clock, sink } = setUp()
    const guard = new SinkGuard(clock, () => {})
    const broken = Object.assign(manualClock(), {
      wallNow() {
        throw new Error('no')
      },
    })
    const output = new LogOutput(sink, guard, broken, undefined, 'info')
    output.log('info', 'm', Bindings.none(), undefined, undefined)
    assert.equal(output.dropped, 1)
  })
})
