import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  BrokenCircuitError,
  BulkheadRejectedError,
  HydratingCircuitError,
  IsolatedCircuitError,
  TaskCancelledError,
} from 'cockatiel'
import { cockatielError } from './cockatiel-error.ts'

describe('cockatielError', () => {
  it('knows the errors of cockatiel by their marks', () => {
    const code = (error: unknown) => {
      const is = cockatielError(error)
      return typeof is === 'object' ? [is.policy, is.code, is.text] : is
    }
    assert.deepEqual(code(new BrokenCircuitError()), ['circuit_breaker', 'unavailable', 'the circuit is open'])
    assert.deepEqual(code(new IsolatedCircuitError()), ['circuit_breaker', 'unavailable', 'the circuit is held open'])
    assert.deepEqual(code(new HydratingCircuitError()), ['circuit_breaker', 'unavailable', 'the circuit is not ready'])
    assert.deepEqual(code(new BulkheadRejectedError(1, 1)), ['bulkhead', 'resource_exhausted', 'the bulkhead is full'])
    assert.equal(code(new TaskCancelledError()), 'canceled')
    for (const other of [new Error('?'), 'text', undefined, { isBrokenCircuitError: true }])
      assert.equal(code(other), undefined)
  })
})
