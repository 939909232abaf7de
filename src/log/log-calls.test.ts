// Tests of log-calls.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type CancelableContext, rootContext } from '../core/context.ts'
import type { Endpoint } from '../core/endpoint.ts'
import { ServiceError } from '../core/errors.ts'
import { attempt, Inbound, inbound } from '../core/inbound.ts'
import { type MethodInfo, noMethod } from '../core/method.ts'
import type { Outcome } from '../core/outcome.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { levelOf, logCalls } from './log-calls.ts'
import { allFields, type LogRecord } from './log-record.ts'
import { logger } from './logger.ts'
import { redact } from './redact.ts'
import { sample } from './sample.ts'

const clock = manualClock()
const records: LogRecord[] = []
const log = logger({ write: (record) => void records.push(record) }, { clock })

function contextOf(info?: Partial<MethodInfo>): CancelableContext {
  records.length = 0
  return rootContext({ clock, method: { ...noMethod, fullName: 'shop/price', ...info } })
}

/** What was logged since: each record as its level, its message and its fields. */
function lines() {
  return records.map((record) => [record.level, record.message, { ...allFields(record) }])
}

describe('logCalls', () => {
  it('logs a call once, when it has ended, with method, code and the time that it took', async () => {
    const ctx = contextOf()
    const answer = Promise.withResolvers<number>()
    const call = logCalls(log)((_: string) => answer.promise)('tea', ctx)
    await clock.advance(2.5)
    assert.deepEqual(lines(), [])
    answer.resolve(7)
    assert.equal(await call, 7)
    assert.deepEqual(lines(), [['info', 'served shop/price ok', { method: 'shop/price', code: 'ok', took: '2.5ms' }]])
  })

  it('says who called and which attempt it is, with the request id', async () => {
    const call = new Inbound(new Map([['request-id', 'r-1']]), '10.0.0.7:4711', false)
    const ctx = contextOf().with(inbound, call).with(attempt, 2)
    await logCalls(log, { side: 'client' })(async (_: string) => 7)('tea', ctx)
    const [[, message, fields] = []] = lines() as [string, string, Record<string, unknown>][]
    assert.equal(message, 'called shop/price ok')
    assert.equal(fields?.['peer'], '10.0.0.7:4711')
    assert.equal(fields?.['attempt'], 2)
    assert.equal(fields?.['request_id'], 'r-1')
  })

  it('logs an error as a line of text with its causes, and a fault of ours with the stack of what was thrown', async () => {
    const failing = (thrown: unknown): Endpoint<string, number> => logCalls(log)(() => Promise.reject(thrown))
    const thrown = new RangeError('out of stock', { cause: new Error('ECONNRESET') })
    await assert.rejects(failing(thrown)('tea', contextOf()))
    assert.deepEqual(
      [records[0]?.level, records[0]?.message, records[0]?.fields?.['error'], records[0]?.fields?.['stack']],
      ['error', 'served shop/price internal', 'RangeError: out of stock: ECONNRESET', thrown.stack],
    )
    const lost = new ServiceError('unavailable', 'the shop is closed', { cause: new Error('connect ECONNREFUSED') })
    await assert.rejects(failing(lost)('tea', contextOf()))
    assert.deepEqual(
      [records[0]?.level, records[0]?.fields?.['error'], records[0]?.fields?.['stack'], records[0]?.fields?.['code']],
      ['warn', 'the shop is closed: connect ECONNREFUSED', undefined, 'unavailable'],
    )
    for (const strange of [
      undefined,
      null,
      'text',
      Object.defineProperty(new Error('m'), 'stack', {
        get: () => {
          throw 1
        },
      }),
    ]) {
      await assert.rejects(failing(strange)('tea', contextOf()))
      assert.equal(records[0]?.level, 'error')
    }
    assert.equal(log.dropped, 0)
  })

  it('leaves some calls of each method and outcome to a sampled log', async () => {
    const sampled: string[] = []
    const sink = sample({ write: ({ message }) => void sampled.push(message) }, { first: 1, thereafter: 0, clock })
    const layer = logCalls(logger(sink, { clock }))
    for (let n = 0; n < 3; n++) {
      await layer(async (_: string) => 7)('', contextOf())
      await layer(async (_: string) => 7)('', contextOf({ fullName: 'shop/order' }))
      await assert.rejects(layer(() => Promise.reject(new ServiceError('not_found')))('', contextOf()))
    }
    assert.deepEqual(sampled, ['served shop/price ok', 'served shop/order ok', 'served shop/price not_found'])
  })

  it('hides in the line of an error what its logger hides', async () => {
    const redactor = redact({ keys: ['pin'] })
    const careful = logger({ write: (record) => void records.push(record) }, { clock, redact: redactor })
    const cause = { password: 'x', pin: 'y', url: new URL('http://bank.test/?token=z') }
    const failing = logCalls(careful)((_: string) =>
      Promise.reject(new ServiceError('unavailable', 'closed', { cause })),
    )
    await assert.rejects(failing('tea', contextOf()))
    assert.equal(
      records[0]?.fields?.['error'],
      'closed: {"password":"[redacted]","pin":"[redacted]","url":"http://bank.test/?token=%5Bredacted%5D"}',
    )
  })

  it('warns of a slow call, and of no other', async () => {
    const slow = logCalls(log, { slowMs: 100 })(async (ms: number, ctx) => ctx.clock.sleep(ms))
    for (const [ms, level, isSlow] of [
      [99, 'info', undefined],
      [100, 'warn', true],
    ] as const) {
      const ctx = contextOf()
      const call = slow(ms, ctx)
      await clock.advance(ms)
      await call
      assert.deepEqual([records[0]?.level, records[0]?.fields?.['slow']], [level, isSlow])
    }
  })

  it('takes no stream for slow: one that takes long has much to say', async () => {
    const ctx = contextOf({ kind: 'serverStream' })
    async function* one() {
      yield 1
    }
    const stream = await logCalls(log)(async (_: string) => one())('', ctx)
    await clock.advance(60_000)
    for await (const _ of stream);
    assert.deepEqual(
      [records[0]?.level, records[0]?.fields?.['took'], records[0]?.fields?.['slow']],
      ['info', '1m0s', undefined],
    )
  })

  it('shows a business failure in a good response', async () => {
    const ctx = contextOf({ failed: (response) => (response as { err: string }).err })
    await logCalls(log)(async (_: string) => ({ err: 'empty string' }))('', ctx)
    assert.deepEqual(
      [records[0]?.level, records[0]?.fields?.['code'], records[0]?.fields?.['failure']],
      ['warn', 'ok', 'empty string'],
    )
  })

  it('logs a stream when its last message has been read', async () => {
    async function* two() {
      yield 1
      yield 2
    }
    const stream = await logCalls(log)(async (_: string) => two())('', contextOf({ kind: 'serverStream' }))
    const seen: unknown[] = []
    for await (const message of stream) seen.push(message, records.length)
    assert.deepEqual(seen, [1, 0, 2, 0])
    assert.equal(records.length, 1)
  })

  it('takes the level from the program, and logs nothing for off or for a level that is disabled', async () => {
    const levels: Outcome['code'][] = []
    const layer = logCalls(log, {
      level: ({ code }) => {
        levels.push(code)
        return code === 'ok' ? 'off' : 'debug'
      },
    })
    await layer(async (_: string) => 7)('', contextOf())
    await assert.rejects(layer(() => Promise.reject(new ServiceError('aborted')))('', contextOf()))
    assert.deepEqual([levels, records], [['ok', 'aborted'], []])
  })

  it('refuses what is no logger and a time that is none', () => {
    assert.throws(
      () => logCalls(console as never),
      /logger must be one that logger\(sink\) gives, but has no method isEnabled\(\)/,
    )
    assert.throws(
      () => logCalls(log, { side: 'middle' as never }),
      /side must be 'server' or 'client', but is "middle"/,
    )
    assert.throws(() => logCalls(log, { slowMs: -1 }), /slowMs must be a number from 0 to Infinity, but is -1/)
  })
})

describe('levelOf', () => {
  it('tells our faults from the failures of others and from mistakes of the caller', () => {
    const of = (code: ServiceError['code']) => levelOf({ code, error: new ServiceError(code), failure: undefined })
    assert.deepEqual(
      [of('internal'), of('data_loss'), of('unknown'), of('unavailable'), of('deadline_exceeded')],
      ['error', 'error', 'error', 'warn', 'warn'],
    )
    assert.deepEqual([of('not_found'), of('canceled'), of('invalid_argument')], ['info', 'info', 'info'])
  })
})
