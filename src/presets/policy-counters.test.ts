// Tests of policy-counters.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { registry } from '../metrics/registry.ts'
import { policyCounter } from './policy-counters.ts'

describe('policyCounter', () => {
  it('is named for the end of the calls, and is the same however often it is asked for', () => {
    const metrics = registry()
    policyCounter(metrics, 'client', 'circuit_transitions').with({ 'rpc.service': 'shop', to: 'open' }).add()
    policyCounter(metrics, 'client', 'circuit_transitions').with({ 'rpc.service': 'shop', to: 'open' }).add()
    const [counter] = metrics.collect()
    assert.equal(counter?.spec.name, 'rpc.client.circuit_transitions')
    assert.deepEqual(
      counter?.series.map((series) => [series.values, 'value' in series && series.value]),
      [[['shop', 'open'], 2]],
    )
  })
})
