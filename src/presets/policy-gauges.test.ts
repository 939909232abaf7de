// Tests of policy-gauges.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { noMethod } from '../core/method.ts'
import { type Registry, registry } from '../metrics/registry.ts'
import { bulkhead } from '../resilience/bulkhead.ts'
import { circuitBreaker } from '../resilience/circuit-breaker.ts'
import { retry } from '../resilience/retry.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { scriptedEndpoint } from '../testing/scripted-endpoint.ts'
import { policyGauges } from './policy-gauges.ts'

const methods = [{ ...noMethod, service: 'shop', fullName: 'shop/price' }]

function values(metrics: Registry): Record<string, number> {
  return Object.fromEntries(
    metrics
      .collect()
      .flatMap(({ spec, series }) =>
        series.map((each) => [[spec.name, ...each.values].join(' '), 'value' in each ? each.value : Number.NaN]),
      ),
  )
}

describe('policyGauges', () => {
  it('shows what policies are doing whenever metrics are read', async () => {
    const metrics = registry()
    const places = bulkhead({ limit: 2, queue: 5 })
    const breaker = circuitBreaker()
    const gauges = policyGauges(
      { bulkhead: places, circuitBreaker: breaker, retry: retry() },
      { metrics, side: 'client', service: 'shop', methods },
    )
    const ctx = rootContext({ clock: manualClock() })
    const calls = [1, 2, 3].map(() => places(scriptedEndpoint([{ hangs: true }]))('', ctx))
    breaker.force('open')
    const now = values(metrics)
    assert.equal(now['rpc.client.open_circuits shop'], 1)
    assert.equal(now['rpc.client.bulkhead.active_calls shop'], 2)
    assert.equal(now['rpc.client.bulkhead.waiting_calls shop'], 1)
    assert.equal(now['rpc.client.bulkhead.limit shop'], 2)
    assert.equal(typeof now['rpc.client.retry_budget.available shop'], 'number')
    gauges[Symbol.dispose]()
    assert.equal(values(metrics)['rpc.client.open_circuits shop'], undefined)
    ctx.cancel()
    await assert.rejects(calls[2] as Promise<unknown>, { code: 'canceled' })
  })

  it('adds up what several clients of one service have', () => {
    const metrics = registry()
    const [one, other] = [circuitBreaker(), circuitBreaker()]
    const options = { metrics, side: 'client', service: 'shop', methods } as const
    policyGauges({ circuitBreaker: one }, options)
    const second = policyGauges({ circuitBreaker: other }, options)
    one.force('open')
    assert.equal(values(metrics)['rpc.client.open_circuits shop'], 1)
    other.force('open')
    assert.equal(values(metrics)['rpc.client.open_circuits shop'], 2)
    second[Symbol.dispose]()
    assert.equal(values(metrics)['rpc.client.open_circuits shop'], 1)
  })

  it('begins what alerts look at with 0', () => {
    const metrics = registry()
    policyGauges(
      { circuitBreaker: circuitBreaker(), retry: retry() },
      { metrics, side: 'client', service: 'shop', methods },
    )
    const now = values(metrics)
    for (const name of [
      'circuit_transitions shop open',
      'retries shop/price',
      'retries_given_up shop/price budget',
      'policy_refusals shop/price circuit_breaker',
    ])
      assert.equal(now[`rpc.client.${name}`], 0, name)
  })

  it('shows nothing of what is off', () => {
    const metrics = registry()
    policyGauges({}, { metrics, side: 'server', service: 'shop', methods })
    assert.deepEqual(values(metrics), {})
  })
})
