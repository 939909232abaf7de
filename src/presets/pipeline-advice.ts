// What is wrong with a client's pipeline as a whole: options that each make sense alone, and not together.
import type { PipelineUse } from '../core/pipeline.ts'
import type { CircuitBreakerOptions } from '../resilience/circuit-breaker.ts'
import type { ClientPipelineOptions, PipelineWarning } from './client-pipeline-options.ts'

/** How long a call may take where nobody says otherwise, in milliseconds. */
export const callTimeoutMs = 5_000
const attemptTimeoutMs = 2_000

/** How long an attempt of such a call may take where nobody says otherwise: in proportion, where there is more time than by default. */
export function attemptMsOf(callMs: number): number {
  return callMs > callTimeoutMs ? callMs * (attemptTimeoutMs / callTimeoutMs) : attemptTimeoutMs
}

/** How long a call may take by the options of its pipeline; undefined where they do not say it as a number. */
export function callMsOf({ timeout = {} }: ClientPipelineOptions): number | undefined {
  return typeof timeout === 'object' ? fixed(timeout.timeoutMs, callTimeoutMs) : undefined
}

/** What is found when a pipeline is made, and when a client takes it. Both throw a TypeError for what cannot work at all. */
export interface PipelineAdvice {
  made(): readonly PipelineWarning[]
  used(use: PipelineUse): readonly PipelineWarning[]
}

/** Looks at the options of a pipeline together. */
export function pipelineAdvice(options: ClientPipelineOptions): PipelineAdvice {
  return {
    made: () => {
      const limits = limitsOf(options)
      checkAttempt(limits)
      return windowBelowRetries(limits)
    },
    used: (use) => [
      ...withoutIdempotency(options, use),
      ...poolBelowBulkhead(options, use),
      ...windowBelowMethod(options, use),
    ],
  }
}

/** How warnings are given where nobody says otherwise. */
export function warnOf({ onWarning, logger }: ClientPipelineOptions): (warning: PipelineWarning) => void {
  if (onWarning !== undefined) return onWarning
  if (logger !== undefined) return ({ code, message }) => logger.warn(message, { code })
  return ({ code, message }) => process.emitWarning(message, { type: 'ServicekitWarning', code })
}

interface Limits {
  readonly callMs: number | undefined
  readonly attemptMs: number | undefined
  readonly hedgeMs: number | undefined
  readonly windowMs: number | undefined
  readonly attempts: number
  readonly longestBackoffMs: number
}

/** Of parts that are off, or policies of one's own, nothing is known. */
function limitsOf(options: ClientPipelineOptions): Limits {
  const { attemptTimeout = {}, retry = {}, hedge = false, circuitBreaker = {} } = options
  const own = typeof retry === 'object' ? retry : undefined
  const callMs = callMsOf(options)
  const usualMs = Math.min(attemptMsOf(callMs ?? callTimeoutMs), callMs ?? Infinity)
  return {
    callMs,
    attemptMs: typeof attemptTimeout === 'object' ? fixed(attemptTimeout.timeoutMs, usualMs) : undefined,
    hedgeMs: typeof hedge === 'object' ? hedge.delayMs : undefined,
    windowMs: typeof circuitBreaker === 'object' ? windowMsOf(circuitBreaker) : undefined,
    attempts: own === undefined ? 1 : (own.attempts ?? 3),
    longestBackoffMs: own?.backoff?.maxMs ?? 250,
  }
}

function fixed(timeoutMs: unknown, fallback: number | undefined): number | undefined {
  return timeoutMs === undefined ? fallback : typeof timeoutMs === 'number' ? timeoutMs : undefined
}

function checkAttempt({ callMs, attemptMs, hedgeMs }: Limits): void {
  if (attemptMs !== undefined && callMs !== undefined && attemptMs > callMs)
    throw new TypeError(
      `attemptTimeout.timeoutMs (${attemptMs}) must not be above timeout.timeoutMs (${callMs}): an attempt ends with its call`,
    )
  if (hedgeMs !== undefined && attemptMs !== undefined && hedgeMs >= attemptMs)
    throw new TypeError(
      `hedge.delayMs (${hedgeMs}) must be below attemptTimeout.timeoutMs (${attemptMs}): the first attempt has ended by then`,
    )
}

/** Of a breaker that counts calls, no time is known. */
function windowMsOf({ windowCalls, windowMs = 10_000 }: CircuitBreakerOptions): number | undefined {
  return windowCalls === undefined ? windowMs : undefined
}

/** `callMs` undefined is that of a client without a timeout of its own. */
function windowBelowRetries(limits: Limits, of = 'timeout.timeoutMs'): PipelineWarning[] {
  const { windowMs, attempts, attemptMs = attemptTimeoutMs, longestBackoffMs, callMs = callTimeoutMs } = limits
  const spanMs = Math.min(callMs, attempts * attemptMs + (attempts - 1) * longestBackoffMs)
  if (windowMs === undefined || attempts === 1 || windowMs >= spanMs) return []
  const message =
    `circuitBreaker.windowMs (${windowMs}) is shorter than what one call may take with its attempts ` +
    `(${spanMs} ms: retry.attempts ${attempts}, attemptTimeout.timeoutMs ${attemptMs}, ${of} ${callMs}): ` +
    `the breaker forgets failures before the call has ended; make it ${spanMs} at least`
  return [{ code: 'window_below_retries', message }]
}

/** Of the method that may take longest, whose own limit comes before that of the pipeline; the default breaker is nobody's mistake. */
function windowBelowMethod(options: ClientPipelineOptions, { methods }: PipelineUse): PipelineWarning[] {
  const repeated = methods.filter(({ idempotent, timeoutMs }) => idempotent && timeoutMs !== undefined)
  const [longest] = repeated.toSorted((a, b) => (b.timeoutMs ?? 0) - (a.timeoutMs ?? 0))
  const limits = limitsOf(options)
  if (longest?.timeoutMs === undefined || options.circuitBreaker === undefined || windowBelowRetries(limits).length > 0)
    return []
  const { attemptTimeout = {} } = options
  const usualMs = attemptMsOf(longest.timeoutMs)
  const attemptMs = typeof attemptTimeout === 'object' ? fixed(attemptTimeout.timeoutMs, usualMs) : undefined
  return windowBelowRetries({ ...limits, callMs: longest.timeoutMs, attemptMs }, `timeoutMs of ${longest.fullName}`)
}

/** What somebody asked for and cannot have; that the defaults do little for such a contract is no fault of its user. */
function withoutIdempotency({ retry, hedge }: ClientPipelineOptions, { methods }: PipelineUse): PipelineWarning[] {
  if (methods.length === 0 || methods.some(({ idempotent }) => idempotent)) return []
  const service = methods[0]?.service
  if (typeof hedge === 'object')
    throw new TypeError(
      `hedge can do nothing for ${service}: none of its methods is idempotent; say idempotent: true of those that are, or hedge: false`,
    )
  if (typeof retry !== 'object' || (retry.attempts ?? 3) === 1 || retry.when !== undefined) return []
  const message =
    `retry.attempts (${retry.attempts ?? 3}) repeats only calls that were never run: no method of ${service} is idempotent; ` +
    'say idempotent: true of those that are'
  return [{ code: 'retry_without_idempotency', message }]
}

function poolBelowBulkhead(
  { bulkhead = {} }: ClientPipelineOptions,
  { maxConnections = Infinity }: PipelineUse,
): PipelineWarning[] {
  const limit = typeof bulkhead === 'object' ? (bulkhead.limit ?? 1_000) : 0
  if (maxConnections >= limit) return []
  const message =
    `maxConnections (${maxConnections}) is below bulkhead.limit (${limit}): calls beyond it wait for a connection, unseen by the bulkhead; ` +
    'make them equal, or leave maxConnections out'
  return [{ code: 'pool_below_bulkhead', message }]
}
