// What a client's pipeline can be told: apart, since those who look for options that do not go together read it too.
import type { Random } from '../primitives/random.ts'
import type { Bulkhead, BulkheadOptions } from '../resilience/bulkhead.ts'
import type { CircuitBreaker, CircuitBreakerOptions } from '../resilience/circuit-breaker.ts'
import type { HedgeOptions, HedgeSnapshot } from '../resilience/hedge.ts'
import type { Policy } from '../resilience/policy.ts'
import type { RateLimit, RateLimitOptions } from '../resilience/rate-limit.ts'
import type { RetryOptions, RetryPolicy } from '../resilience/retry.ts'
import type { RetryBudget } from '../resilience/retry-budget.ts'
import type { TimeoutOptions, TimeoutSnapshot } from '../resilience/timeout.ts'
import type { ObserveOptions } from './observe.ts'
import type { Part } from './part.ts'

/** Two options that hardly work together. */
export interface PipelineWarning {
  /** For those who filter warnings. */
  readonly code: 'retry_without_idempotency' | 'window_below_retries' | 'pool_below_bulkhead'
  /** Names both options and what to do. */
  readonly message: string
}

/** What a client's pipeline is made of. Whatever is not said has its default. */
export interface ClientPipelineOptions extends Omit<ObserveOptions, 'side'> {
  /** How long a call may take. Its caller's own limit comes first, then its method's; without this part a client's calls have 5 s. @default { timeoutMs: 5_000 } */
  readonly timeout?: Part<Omit<TimeoutOptions, 'of'>, Policy<TimeoutSnapshot>>
  /** How many calls may begin a second. @default false */
  readonly rateLimit?: Part<RateLimitOptions, RateLimit>
  /** How many calls may be in flight. A client that is not told otherwise has as many connections. @default { limit: 1_000, queue: 0 } */
  readonly bulkhead?: Part<BulkheadOptions, Bulkhead>
  /** What is called again. @default { attempts: 3 } */
  readonly retry?: Part<RetryOptions, RetryPolicy>
  /** What limits retries and hedges together; one may be shared by the pipelines of clients that call the same service. @default retryBudget() */
  readonly budget?: RetryBudget | undefined
  /** Whether a second attempt is made while the first is pending. @default false */
  readonly hedge?: Part<HedgeOptions, Policy<HedgeSnapshot>>
  /** When the service is given a rest. @default {} */
  readonly circuitBreaker?: Part<CircuitBreakerOptions, CircuitBreaker>
  /**
   * How long one attempt may take. One that is given holds for all; by itself only attempts that may be repeated have a limit, those of idempotent methods
   * while retries or hedges are on. Calls that have more than five seconds, by their caller, their method or `timeout`, have attempts that are
   * longer in proportion. @default { timeoutMs: 2_000 }
   */
  readonly attemptTimeout?: Part<Omit<TimeoutOptions, 'of'>, Policy<TimeoutSnapshot>>
  /** Where the chance of all parts comes from. @default the platform's */
  readonly random?: Random | undefined
  /** Told of parts that hardly work together, when the pipeline is made or a client takes it. @default a line of the logger, else a warning of the process */
  readonly onWarning?: ((warning: PipelineWarning) => void) | undefined
}
