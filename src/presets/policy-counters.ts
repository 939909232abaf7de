// The counters of what policies do: one table, since some are counted by events and some begin with 0.
import type { Counter, Measured, Metrics } from '../metrics/metrics.ts'

/** Each with what it counts and by what; `May be summed over hosts.` holds for all. */
const counters = {
  timeouts: ['Calls and attempts that took longer than their limit', 'rpc.method', 'of'],
  late_results: ['Responses that came after their limit, and were dropped', 'rpc.method'],
  retries: ['Attempts beyond the first', 'rpc.method'],
  retries_given_up: ['Calls that failed although another attempt could have helped', 'rpc.method', 'reason'],
  hedges: ['Attempts made because an answer was late', 'rpc.method'],
  hedges_won: ['Calls that such an attempt answered', 'rpc.method'],
  circuit_transitions: ['Circuits that changed their state', 'rpc.service', 'to'],
  policy_refusals: ['Calls that a policy refused before they ran', 'rpc.method', 'policy'],
  policy_store_errors: ['Times that what a policy shares with other processes could not be had', 'policy'],
  cache_lookups: ['Calls that a cache was asked for', 'rpc.method', 'result'],
  coalesced_calls: ['Calls that shared the call of another caller', 'rpc.method'],
  fallbacks: ['Calls that got a fallback in place of an error', 'rpc.method'],
  injected_faults: ['Faults that were injected into calls', 'rpc.method', 'fault'],
} as const

/** One of them. */
export type PolicyCounter = keyof typeof counters

/** The counter of that name at one end of calls. */
export function policyCounter(
  metrics: Metrics,
  side: 'server' | 'client',
  name: PolicyCounter,
): Measured<Counter, string> {
  const [what, ...labels] = counters[name]
  return metrics.counter<string>({ name: `rpc.${side}.${name}`, help: `${what}. May be summed over hosts.`, labels })
}
