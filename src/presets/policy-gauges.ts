// What policies are doing now, as gauges: events tell only of changes, and a dashboard that begins in the midst of an outage must see it.
import type { MethodInfo } from '../core/method.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Bulkhead } from '../resilience/bulkhead.ts'
import type { CircuitBreaker } from '../resilience/circuit-breaker.ts'
import type { LoadShed } from '../resilience/load-shed.ts'
import type { RetryPolicy } from '../resilience/retry.ts'
import { policyCounter } from './policy-counters.ts'

/** The policies around the calls of one service; those that are off are undefined. */
export interface WatchedPolicies {
  readonly bulkhead?: Bulkhead | undefined
  readonly circuitBreaker?: CircuitBreaker | undefined
  readonly retry?: RetryPolicy | undefined
  readonly loadShed?: LoadShed | undefined
}

/** Whose policies they are. */
export interface PolicyGaugesOptions {
  readonly metrics: Metrics
  readonly side: 'server' | 'client'
  readonly service: string
  readonly methods: readonly MethodInfo[]
}

/**
 * Shows the state of policies whenever metrics are read, until it is disposed: circuits that are open, calls in flight and waiting, what is left of
 * the budget. Counters that alerts look at begin with 0, since the first event would otherwise be no increase.
 */
export function policyGauges(policies: WatchedPolicies, options: PolicyGaugesOptions): Disposable {
  const { metrics, side, service } = options
  const { bulkhead, circuitBreaker, retry } = policies
  const gauge = (name: string, help: string) => {
    const all = metrics.gauge({ name: `rpc.${side}.${name}`, help: `${help} Of this host.`, labels: ['rpc.service'] })
    return all.with({ 'rpc.service': service })
  }
  const reads: (() => void)[] = []
  if (circuitBreaker !== undefined) {
    const open = gauge('open_circuits', 'Circuits that are open, or were forced open.')
    const isOpen = (state: string) => state === 'open' || state === 'forced_open'
    reads.push(() => open.set(circuitBreaker.snapshot().circuits.filter(({ state }) => isOpen(state)).length))
  }
  if (bulkhead !== undefined) {
    const active = gauge('bulkhead.active_calls', 'Calls that have a place in the bulkhead.')
    const waiting = gauge('bulkhead.waiting_calls', 'Calls that wait for a place in the bulkhead.')
    const limit = gauge('bulkhead.limit', 'Places of the bulkhead.')
    reads.push(() => {
      const now = bulkhead.snapshot()
      active.set(now.inFlight)
      waiting.set(now.waiting)
      limit.set(now.limit)
    })
  }
  const budget = retry?.snapshot().budget
  if (retry !== undefined && budget !== undefined) {
    const left = gauge('retry_budget.available', 'Repetitions that could be made at once.')
    reads.push(() => left.set(retry.snapshot().budget?.banked ?? 0))
  }
  beginWithZero(policies, options)
  return metrics.onCollect(() => {
    for (const read of reads) read()
  })
}

function beginWithZero(
  { circuitBreaker, retry, bulkhead, loadShed }: WatchedPolicies,
  { metrics, side, service, methods }: PolicyGaugesOptions,
): void {
  if (circuitBreaker !== undefined) {
    const transitions = policyCounter(metrics, side, 'circuit_transitions')
    for (const to of ['open', 'half_open', 'closed']) transitions.with({ 'rpc.service': service, to }).add(0)
  }
  for (const { fullName } of methods) {
    const method = { 'rpc.method': fullName }
    if (retry !== undefined) {
      policyCounter(metrics, side, 'retries').with(method).add(0)
      const givenUp = policyCounter(metrics, side, 'retries_given_up')
      for (const reason of ['attempts', 'budget']) givenUp.with({ ...method, reason }).add(0)
    }
    const refused = policyCounter(metrics, side, 'policy_refusals')
    if (bulkhead !== undefined) refused.with({ ...method, policy: 'bulkhead' }).add(0)
    if (circuitBreaker !== undefined) refused.with({ ...method, policy: 'circuit_breaker' }).add(0)
    if (loadShed !== undefined) refused.with({ ...method, policy: 'load_shed' }).add(0)
  }
}
