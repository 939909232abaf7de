// Tests of server-events.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { noMethod } from '../core/method.ts'
import type { LogRecord } from '../log/log-record.ts'
import { logger } from '../log/logger.ts'
import { type Registry, registry } from '../metrics/registry.ts'
import type { CallFailed, CallStage } from '../transport/hooks.ts'
import { serverEvents, serverMetrics } from './server-events.ts'

const method = { ...noMethod, fullName: 'shop/price' }
const watched = { methods: new Set([method]), isLogged: true }

function failed(stage: CallStage, error: ServiceError, thrown: unknown = error): CallFailed {
  return { ctx: rootContext({ method }), method, stage, error, thrown }
}

function counters(metrics: Registry): Record<string, number> {
  return Object.fromEntries(
    metrics
      .collect()
      .flatMap(({ kind, spec, series }) =>
        kind === 'counter' ? series.map(({ values, value }) => [[spec.name, ...values].join(' '), value]) : [],
      ),
  )
}

describe('serverEvents', () => {
  it('logs and counts what fails before the method or after it, and leaves the rest to those who watch it', () => {
    const records: LogRecord[] = []
    const log = logger({ write: (record) => void records.push(record) })
    const metrics = registry()
    const { onError } = serverEvents(log, metrics, watched)
    onError(failed('request', new ServiceError('invalid_argument', 'the body is no JSON')))
    onError(failed('method', new ServiceError('internal')))
    onError(failed('reply', new ServiceError('internal'), new TypeError('BigInt')))
    assert.deepEqual(
      records.map(({ level, message }) => [level, message]),
      [
        ['info', 'request not read'],
        ['error', 'reply not sent'],
      ],
    )
    assert.equal(records[0]?.fields?.['error'], 'the body is no JSON')
    assert.equal(records[1]?.fields?.['error'], 'TypeError: BigInt')
    assert.deepEqual(counters(metrics), {
      'rpc.server.unseen_failures shop/price request invalid_argument': 1,
      'rpc.server.unseen_failures shop/price reply internal': 1,
    })
  })

  it('prints faults where there is no logger', (t) => {
    const printed = t.mock.method(console, 'error', () => {})
    serverEvents(undefined, undefined, watched).onError(failed('method', new ServiceError('internal')))
    serverEvents(undefined, undefined, watched).onError(failed('method', new ServiceError('not_found')))
    assert.equal(printed.mock.callCount(), 1)
  })

  it('tells of late replies to those who debug', () => {
    const records: LogRecord[] = []
    const log = logger({ write: (record) => void records.push(record) }, { level: 'debug' })
    serverEvents(log, undefined, watched).onLateReply({ method })
    assert.deepEqual([records[0]?.level, records[0]?.fields], ['debug', { method: 'shop/price' }])
  })
})

describe('serverMetrics', () => {
  it('counts what servers counted, together, until it is disposed', () => {
    const metrics = registry()
    const stats = { inFlight: 0, served: 0, refused: 1, expired: 2, late: 3, draining: false }
    const counting = serverMetrics(metrics, [{ stats }, { stats }])
    const once = { 'rpc.server.refused_calls': 2, 'rpc.server.expired_calls': 4, 'rpc.server.late_replies': 6 }
    assert.deepEqual(counters(metrics), once)
    assert.deepEqual(counters(metrics), once)
    stats.refused++
    assert.equal(counters(metrics)['rpc.server.refused_calls'], 4)
    counting[Symbol.dispose]()
    stats.refused++
    assert.equal(counters(metrics)['rpc.server.refused_calls'], 4)
  })

  it('counts what came between the last look and the end', () => {
    const metrics = registry()
    const stats = { inFlight: 0, served: 0, refused: 1, expired: 0, late: 0, draining: false }
    serverMetrics(metrics, [{ stats }])[Symbol.dispose]()
    assert.equal(counters(metrics)['rpc.server.refused_calls'], 1)
  })
})
