// Tests of policy-events.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { noMethod } from '../core/method.ts'
import { logger } from '../log/logger.ts'
import { type Registry, registry } from '../metrics/registry.ts'
import { adaptiveLimit } from '../resilience/adaptive-limit.ts'
import { bulkhead } from '../resilience/bulkhead.ts'
import { redisRateLimit } from '../resilience/redis/rate-limit.ts'
import { eventually } from '../testing/eventually.ts'
import { logRecorder } from '../testing/log-recorder.ts'
import { type PolicyEvents, policyEvents } from './policy-events.ts'

const ctx = rootContext({ method: { ...noMethod, service: 'shop', name: 'price', fullName: 'shop/price' } })
const error = new ServiceError('unavailable', 'gone')

const samples: { readonly [K in keyof PolicyEvents]: Parameters<PolicyEvents[K]>[0] } = {
  onTimeout: { ctx, of: 'attempt', timeoutMs: 10 },
  onLateResult: { ctx },
  onRetry: { ctx, attempt: 2, error, delayMs: 25 },
  onGiveUp: { ctx, attempts: 3, reason: 'budget', error },
  onHedge: { ctx, attempt: 2, afterMs: 50 },
  onHedgeEnd: { ctx, winner: 2, attempts: 2 },
  onStateChange: {
    ctx,
    key: undefined,
    from: 'closed',
    to: 'open',
    cause: 'consecutive_failures',
    openMs: 5_000,
    reason: undefined,
  },
  onRefused: { ctx, policy: 'bulkhead', error },
  onStoreError: { policy: 'rate_limit', error: new Error('ECONNREFUSED'), failures: 1 },
  onLimitChange: { limit: 20, previous: 10 },
  onLookup: { ctx, key: 'a', result: 'hit', ageMs: 4 },
  onJoin: { ctx, key: 'a', waiting: 2 },
  onFallback: { ctx, error },
  onFault: { ctx, fault: 'delay' },
}

function tellAll(events: PolicyEvents): void {
  for (const [name, event] of Object.entries(samples)) events[name as keyof PolicyEvents](event as never)
}

function values(metrics: Registry): string[] {
  return metrics
    .collect()
    .flatMap(({ spec, series }) =>
      series.map((each) => [spec.name, ...each.values, 'value' in each ? each.value : ''].join(' ')),
    )
}

describe('policyEvents', () => {
  it('counts every event, by method and by what tells it from others', () => {
    const metrics = registry()
    tellAll(policyEvents({ side: 'client', metrics }))
    assert.deepEqual(values(metrics).toSorted(), [
      'rpc.client.cache_lookups shop/price hit 1',
      'rpc.client.circuit_transitions shop open 1',
      'rpc.client.coalesced_calls shop/price 1',
      'rpc.client.concurrency_limit 20',
      'rpc.client.fallbacks shop/price 1',
      'rpc.client.hedges shop/price 1',
      'rpc.client.hedges_won shop/price 1',
      'rpc.client.injected_faults shop/price delay 1',
      'rpc.client.late_results shop/price 1',
      'rpc.client.policy_refusals shop/price bulkhead 1',
      'rpc.client.policy_store_errors rate_limit 1',
      'rpc.client.retries shop/price 1',
      'rpc.client.retries_given_up shop/price budget 1',
      'rpc.client.timeouts shop/price attempt 1',
    ])
  })

  it('shows a limit that is learned from its beginning on, and none where there is none', () => {
    const [metrics, none] = [registry(), registry()]
    const sink = logRecorder()
    const learned = policyEvents({ side: 'server', metrics, logger: logger(sink, { level: 'debug' }) })
    adaptiveLimit({ ...learned, initialLimit: 30 })
    assert.deepEqual(values(metrics), ['rpc.server.concurrency_limit 30'])
    assert.deepEqual(sink.entries, [])
    bulkhead(policyEvents({ side: 'server', metrics: none }))
    assert.ok(!none.collect().some(({ spec }) => spec.name.includes('concurrency_limit')))
  })

  it('looks a series up once for each method and value', () => {
    const metrics = registry()
    const looked: string[] = []
    const counter = (spec: { readonly name: string; readonly help: string; readonly labels: readonly string[] }) => {
      const family = metrics.counter<string>(spec)
      return {
        with: (labels: Record<string, string>) => {
          looked.push(Object.values(labels).join(' '))
          return family.with(labels)
        },
      }
    }
    const { onLookup } = policyEvents({ side: 'client', metrics: { counter } as never })
    const other = rootContext({ method: { ...noMethod, fullName: 'shop/find' } })
    for (let n = 0; n < 3; n++) {
      for (const result of ['hit', 'miss'] as const) onLookup({ ctx, key: 'a', result, ageMs: 4 })
      onLookup({ ctx: other, key: 'a', result: 'hit', ageMs: 4 })
    }
    assert.deepEqual(looked, ['shop/price hit', 'shop/price miss', 'shop/find hit'])
    assert.deepEqual(values(metrics), [
      'rpc.client.cache_lookups shop/price hit 3',
      'rpc.client.cache_lookups shop/price miss 3',
      'rpc.client.cache_lookups shop/find hit 3',
    ])
  })

  it('tells of a limit in Redis that goes by its share', async () => {
    const metrics = registry()
    const sink = logRecorder()
    const events = policyEvents({ side: 'server', metrics, logger: logger(sink) })
    const client = () => Promise.reject(new Error('ECONNREFUSED'))
    const limit = redisRateLimit({ ...events, client, name: 'orders', perSecond: 1, burst: 1 })
    const call = limit(async () => 'ran')
    assert.equal(await call('', ctx), 'ran')
    await assert.rejects(call('', ctx), { code: 'resource_exhausted' })
    await eventually(() => sink.entries.length > 0)
    assert.deepEqual(values(metrics).toSorted(), [
      'rpc.server.policy_refusals shop/price rate_limit 1',
      'rpc.server.policy_store_errors rate_limit 1',
    ])
    assert.deepEqual(
      sink.entries.map(({ level, message }) => `${level} ${message}`),
      ['warn store of the rate limit fails'],
    )
  })

  it('counts no hedge as won that lost', () => {
    const metrics = registry()
    const events = policyEvents({ side: 'client', metrics })
    events.onHedgeEnd({ ctx, winner: 1, attempts: 2 })
    events.onHedgeEnd({ ctx, winner: undefined, attempts: 2 })
    assert.deepEqual(
      values(metrics).filter((line) => line.includes('hedges_won')),
      [],
    )
  })

  it('logs what changes how calls are treated', () => {
    const sink = logRecorder()
    tellAll(policyEvents({ side: 'client', logger: logger(sink, { level: 'debug' }) }))
    assert.deepEqual(
      sink.entries.map(({ level, message }) => `${level} ${message}`),
      [
        'debug retrying',
        'debug gave up retrying',
        'debug hedging',
        'warn circuit open',
        'warn store of the rate limit fails',
        'debug concurrency limit changed',
        'debug fault injected',
      ],
    )
    const opened = sink.entries.find(({ message }) => message === 'circuit open')
    assert.equal(opened?.fields['openMs'], 5_000)
    assert.equal(opened?.fields['method'], 'shop/price')
  })

  it('says less of circuits that close', () => {
    const sink = logRecorder()
    const events = policyEvents({ side: 'client', logger: logger(sink) })
    events.onStateChange({
      ctx: undefined,
      key: 'a',
      from: 'half_open',
      to: 'closed',
      cause: 'probes',
      openMs: undefined,
    } as never)
    assert.deepEqual(
      sink.entries.map(({ level, message, fields }) => [level, message, fields['circuit']]),
      [['info', 'circuit closed', 'a']],
    )
  })
})
