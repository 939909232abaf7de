// clientPipeline: what every client should have around its calls, in the one order in which the parts belong.
import { callOptions } from '../core/call-options.ts'
import type { Context } from '../core/context.ts'
import type { Middleware } from '../core/endpoint.ts'
import { longestUnaryMs } from '../core/method.ts'
import type { Pipeline } from '../core/pipeline.ts'
import { systemRandom } from '../primitives/random.ts'
import { type Bulkhead, type BulkheadOptions, bulkhead } from '../resilience/bulkhead.ts'
import { type CircuitBreaker, type CircuitBreakerOptions, circuitBreaker } from '../resilience/circuit-breaker.ts'
import { type HedgeOptions, type HedgeSnapshot, hedge } from '../resilience/hedge.ts'
import type { Policy } from '../resilience/policy.ts'
import { type RateLimit, type RateLimitOptions, rateLimit } from '../resilience/rate-limit.ts'
import { type RetryPolicy, retry } from '../resilience/retry.ts'
import { type RetryBudget, retryBudget } from '../resilience/retry-budget.ts'
import { isSingle } from '../resilience/retryable.ts'
import { type TimeoutSnapshot, timeout } from '../resilience/timeout.ts'
import { checkNames } from './check-names.ts'
import type { ClientPipelineOptions, PipelineWarning } from './client-pipeline-options.ts'
import { observe } from './observe.ts'
import { made, type Part, snapshotsOf } from './part.ts'
import { attemptMsOf, callMsOf, callTimeoutMs, pipelineAdvice, warnOf } from './pipeline-advice.ts'
import { policyGauges } from './policy-gauges.ts'

export type { ClientPipelineOptions, Part, PipelineWarning }

/** A pipeline, and its parts for those who look at them or change them while running; undefined for those that are off. */
export interface ClientPipeline extends Pipeline {
  readonly policies: ClientPolicies
  /** The state of every part that is on, as plain data. */
  snapshot(): Readonly<Record<string, unknown>>
}

/** The parts of a client's pipeline, in their order from the outside in. */
export interface ClientPolicies {
  readonly timeout: Policy<TimeoutSnapshot> | undefined
  readonly rateLimit: RateLimit | undefined
  readonly bulkhead: Bulkhead | undefined
  readonly retry: RetryPolicy | undefined
  readonly hedge: Policy<HedgeSnapshot> | undefined
  readonly circuitBreaker: CircuitBreaker | undefined
  readonly attemptTimeout: Policy<TimeoutSnapshot> | undefined
}

/**
 * The policies of a client with everything on that is safe for everyone: `httpClient(contract, { baseUrl, pipeline: clientPipeline() })`. From the outside in:
 * observe, timeout, rate limit (off), bulkhead, retry, hedge (off), and around each attempt circuit breaker and timeout. Make one for each service that is called: its
 * breaker and its budget are about that one. Throws a TypeError for parts that cannot work together, and for
 * options out of their range what the parts throw.
 */
export function clientPipeline(options: ClientPipelineOptions = {}): ClientPipeline {
  checkNames('clientPipeline', options, names)
  const observed = observe({ ...options, side: 'client' })
  // Off unless they are asked for.
  const { random = systemRandom, rateLimit: rate = false, hedge: hedging = false } = options
  const common = { ...observed.events, random }
  const budget = options.budget ?? retryBudget()
  const mayRepeat = () => (policies.retry?.attempts ?? 1) > 1 || policies.hedge !== undefined
  const attemptMs = limitOfAttempt(mayRepeat, callMsOf(options) ?? callTimeoutMs)
  const policies: ClientPolicies = {
    timeout: made('timeout', options.timeout, { ...common, timeoutMs: callTimeoutMs }, timeout),
    rateLimit: made('rateLimit', rate, common, (own: RateLimitOptions) => rateLimit(own)),
    bulkhead: made('bulkhead', options.bulkhead, common, (own: BulkheadOptions) => bulkhead(own)),
    retry: made('retry', options.retry, { ...common, budget }, (own) =>
      retry({ ...own, backoff: { random, ...own.backoff } }),
    ),
    hedge: made('hedge', hedging, { ...common, ...budgetOfHedge(options, budget) }, hedge),
    circuitBreaker: made('circuitBreaker', options.circuitBreaker, common, (own: CircuitBreakerOptions) =>
      circuitBreaker(own),
    ),
    attemptTimeout: made('attemptTimeout', options.attemptTimeout, { ...common, timeoutMs: attemptMs }, (own) =>
      timeout({ ...own, of: 'attempt' }),
    ),
  }
  // The services whose state is on the page of metrics: for as long as that is, as their client may come again.
  const shown = new Set<string>()
  const warn = warnOf(options)
  const advice = pipelineAdvice(options)
  for (const warning of advice.made()) warn(warning)
  return {
    call: layers(observed, policies.timeout, policies.rateLimit, policies.bulkhead, policies.retry, policies.hedge),
    attempt: layers(policies.circuitBreaker, policies.attemptTimeout),
    timeoutMs: callLimitOf(policies.timeout),
    maxInFlight: policies.bulkhead?.snapshot().limit,
    policies,
    check: (use) => {
      for (const warning of advice.used(use)) warn(warning)
      const service = use.methods[0]?.service
      if (options.metrics === undefined || service === undefined || shown.has(service)) return
      shown.add(service)
      policyGauges(policies, { metrics: options.metrics, side: 'client', service, methods: use.methods })
    },
    snapshot: () => snapshotsOf({ ...policies }),
  }
}

const names: Readonly<Record<keyof ClientPipelineOptions, true>> = {
  timeout: true,
  rateLimit: true,
  bulkhead: true,
  retry: true,
  budget: true,
  hedge: true,
  circuitBreaker: true,
  attemptTimeout: true,
  metrics: true,
  logger: true,
  callLog: true,
  measure: true,
  random: true,
  onWarning: true,
}

/** The client's own limit must not come before that of the policy; without one it is the client's that holds. */
function callLimitOf(policy: Policy<TimeoutSnapshot> | undefined): number | undefined {
  return policy === undefined ? undefined : (policy.snapshot().timeoutMs ?? longestUnaryMs)
}

/** An attempt is cut short only where that lets another one be made; Infinity where not. */
function limitOfAttempt(mayRepeat: () => boolean, otherwiseMs: number): (ctx: Context) => number {
  return (ctx) => {
    const { method } = ctx
    if (!method.idempotent || !mayRepeat() || isSingle(ctx)) return Infinity
    return attemptMsOf(ctx.get(callOptions)?.timeoutMs ?? method.timeoutMs ?? otherwiseMs)
  }
}

/** That of the retry, which then counts the calls for both. Where no retry does, the hedge counts them. */
function budgetOfHedge({ retry, budget: given }: ClientPipelineOptions, budget: RetryBudget): HedgeOptions {
  // Of a policy of one's own only its user knows whether it has that budget.
  if (typeof retry === 'function') return given === undefined ? {} : { budget: given }
  const own = retry === false ? false : retry?.budget
  return own === false ? { budget, countsCalls: true } : { budget: own ?? budget }
}

function layers(...policies: readonly (Middleware | undefined)[]): Middleware[] {
  return policies.filter((policy) => policy !== undefined)
}
