// cockatielError: which policy of the package `cockatiel` an error comes from, and what that is in our codes.
import type { RefusingPolicy } from '../policy.ts'

/** What a policy that refused a call comes to. */
export interface RefusedByCockatiel {
  readonly policy: RefusingPolicy
  readonly code: 'unavailable' | 'resource_exhausted'
  readonly text: string
}

/** By the marks that it puts on its errors; an isolated circuit has that of an open one too. */
const refusals: readonly (readonly [mark: string, RefusedByCockatiel])[] = [
  ['isIsolatedCircuitError', { policy: 'circuit_breaker', code: 'unavailable', text: 'the circuit is held open' }],
  ['isBrokenCircuitError', { policy: 'circuit_breaker', code: 'unavailable', text: 'the circuit is open' }],
  ['isHydratingCircuitError', { policy: 'circuit_breaker', code: 'unavailable', text: 'the circuit is not ready' }],
  ['isBulkheadRejectedError', { policy: 'bulkhead', code: 'resource_exhausted', text: 'the bulkhead is full' }],
]

/** What an error of cockatiel says; undefined for any other. */
export function cockatielError(thrown: unknown): RefusedByCockatiel | 'canceled' | undefined {
  if (!(thrown instanceof Error)) return undefined
  if ('isTaskCancelledError' in thrown) return 'canceled'
  return refusals.find(([mark]) => mark in thrown)?.[1]
}
