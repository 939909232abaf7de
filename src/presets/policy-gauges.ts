// What policies are doing now, as gauges: events tell only of changes, and a dashboard that begins in the midst of an outage must see it.
import type { MethodInfo } from '../core/method.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Bulkhead } from '../resilience/bulkhead.ts'
import type { LoadShed } from '../resilience/load-shed.ts'
import type { RetryPolicy } from '../resilience/retry.ts'
import { policyCounter } from './policy-counters.ts'
import { summedGauge } from './summed-gauge.ts'

/** The policies around the calls of one service; those that are off are undefined. */
export interface WatchedPolicies {
  readonly bulkhead?: Bulkhead | undefined
  /** One of calls, or those of instances. */
  readonly circuitBreaker?: { snapshot(): { readonly circuits: readonly { readonly state: string }[] } } | undefined
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
 * Shows the state of policies whenever metrics are read, until it is disposed, summed up where several clients call one service: circuits that are open, calls in flight and waiting, what is left of
 * the budget. Counters that alerts look at begin with 0, since the first event would otherwise be no increase.
 */
export function policyGauges(policies: WatchedPolicies, options: PolicyGaugesOptions): Disposable {
  const { metrics, side, service } = options
  const { bulkhead, circuitBreaker, retry } = policies
  const held = new DisposableStack()
  const labels = { 'rpc.service': service }
  const show = (name: string, help: string, read: () => number) => {
    held.use(summedGauge(metrics, { name: `rpc.${side}.${name}`, help: `${help} Of this host.`, labels }, read))
  }
  if (circuitBreaker !== undefined) {
    const isOpen = ({ state }: { readonly state: string }) => state === 'open' || state === 'forced_open'
    const open = () => circuitBreaker.snapshot().circuits.filter(isOpen).length
    show('open_circuits', 'Circuits that are open, or were forced open.', open)
  }
  if (bulkhead !== undefined) {
    show('bulkhead.active_calls', 'Calls that have a place in a bulkhead.', () => bulkhead.snapshot().inFlight)
    show('bulkhead.waiting_calls', 'Calls that wait for a place in a bulkhead.', () => bulkhead.snapshot().waiting)
    show('bulkhead.limit', 'Places of the bulkheads.', () => bulkhead.snapshot().limit)
  }
  if (retry?.snapshot().budget !== undefined) {
    const left = () => retry.snapshot().budget?.banked ?? 0
    show('retry_budget.available', 'Repetitions that could be made at once.', left)
  }
  beginWithZero(policies, options)
  return held
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
