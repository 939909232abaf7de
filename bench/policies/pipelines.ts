// What the rows about whole pipelines compare: ours of five layers, ours as it ships, and cockatiel's of three.
import {
  ConsecutiveBreaker,
  circuitBreaker as cockatielBreaker,
  retry as cockatielRetry,
  timeout as cockatielTimeout,
  ExponentialBackoff,
  handleAll,
  TimeoutStrategy,
  wrap,
} from 'cockatiel'
import { chain, contract, rootContext, unary } from 'servicekit'
import { measureCalls } from 'servicekit/metrics/measure-calls'
import { prometheus } from 'servicekit/metrics/prometheus/prometheus'
import { clientPipeline } from 'servicekit/presets/client-pipeline'
import { circuitBreaker } from 'servicekit/resilience/circuit-breaker'
import { rateLimit } from 'servicekit/resilience/rate-limit'
import { retry } from 'servicekit/resilience/retry'
import { timeout } from 'servicekit/resilience/timeout'

/** What is called; each side has one of its own, so that none sees the other's inline caches. */
const work = () => async (request: number) => request + 1

/** Idempotent, since that is what makes each attempt have a limit of its own, and a call the dearest. */
const { increment } = contract('bench', { increment: unary.of<number, number>({ idempotent: true }) }).info

/** RED, a limiter, retry with its budget, one timeout, and a breaker. */
export function five(): () => Promise<unknown> {
  const layers = chain(
    measureCalls(prometheus(), { side: 'client' }),
    rateLimit({ perSecond: 1e9, burst: 1e9 }),
    retry(),
    timeout({ timeoutMs: 2_000 }),
    circuitBreaker(),
  )
  const ctx = rootContext({ method: increment })
  const call = layers(work())
  return () => call(1, ctx)
}

/** The client's preset as it ships, with metrics on. */
export function preset(): () => Promise<unknown> {
  const { call, attempt } = clientPipeline({ metrics: prometheus() })
  const ctx = rootContext({ method: increment })
  const endpoint = chain(...call, ...attempt)(work())
  return () => endpoint(1, ctx)
}

/** Retry, breaker and timeout: as its documentation puts them together. */
export function cockatiel(): () => Promise<unknown> {
  const policy = wrap(
    cockatielRetry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
    cockatielBreaker(handleAll, { halfOpenAfter: 5_000, breaker: new ConsecutiveBreaker(5) }),
    cockatielTimeout(2_000, TimeoutStrategy.Aggressive),
  )
  const call = work()
  return () => policy.execute(() => call(1))
}
