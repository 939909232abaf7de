// What policies tell, as metrics and log lines: the same for every policy, whichever pipeline it is in.
import type { Context } from '../core/context.ts'
import type { MethodInfo } from '../core/method.ts'
import { errorFields } from '../log/log-calls.ts'
import type { Logger } from '../log/logger.ts'
import type { Counter, Metrics } from '../metrics/metrics.ts'
import type { LimitChangeEvent } from '../resilience/adaptive-limit.ts'
import type { LookupEvent } from '../resilience/cache.ts'
import type { StateChangeEvent } from '../resilience/circuit-breaker.ts'
import type { JoinEvent } from '../resilience/coalesce.ts'
import type { FallbackEvent } from '../resilience/fallback.ts'
import type { FaultEvent } from '../resilience/fault.ts'
import type { HedgeEndEvent, HedgeEvent } from '../resilience/hedge.ts'
import type { RefusedEvent, StoreErrorEvent } from '../resilience/policy.ts'
import type { GiveUpEvent, RetryEvent } from '../resilience/retry.ts'
import type { LateResultEvent, TimeoutEvent } from '../resilience/timeout.ts'
import { type PolicyCounter, policyCounter } from './policy-counters.ts'

/** The `on…` options of all policies, to be spread into those of any: `retry({ ...events, attempts: 2 })`. */
export interface PolicyEvents {
  readonly onTimeout: (event: TimeoutEvent) => void
  readonly onLateResult: (event: LateResultEvent) => void
  readonly onRetry: (event: RetryEvent) => void
  readonly onGiveUp: (event: GiveUpEvent) => void
  readonly onHedge: (event: HedgeEvent) => void
  readonly onHedgeEnd: (event: HedgeEndEvent) => void
  readonly onStateChange: (event: StateChangeEvent) => void
  readonly onRefused: (event: RefusedEvent) => void
  readonly onStoreError: (event: StoreErrorEvent) => void
  readonly onLimitChange: (event: LimitChangeEvent) => void
  readonly onLookup: (event: LookupEvent) => void
  readonly onJoin: (event: JoinEvent) => void
  readonly onFallback: (event: FallbackEvent) => void
  readonly onFault: (event: FaultEvent) => void
}

/** Where policies' events go. */
export interface PolicyEventsOptions {
  /** At which end: around calls that are served, or that are made. */
  readonly side: 'server' | 'client'
  readonly metrics?: Metrics | undefined
  readonly logger?: Logger | undefined
}

/**
 * Counts what policies do, by method. Logged is what changes how calls are treated: a circuit's state, at `warn` when it opens, and a store
 * that is gone, when it fails first. What they do with single calls is logged at `debug`, and refusals not at all, since in an outage and under overload they are all there is.
 */
export function policyEvents({ side, metrics, logger }: PolicyEventsOptions): PolicyEvents {
  const count = counting(side, metrics)
  const timeouts = count('timeouts')
  const late = count('late_results')
  const retries = count('retries')
  const givenUp = count('retries_given_up')
  const hedges = count('hedges')
  const hedgesWon = count('hedges_won')
  const transitions = metrics && policyCounter(metrics, side, 'circuit_transitions')
  const refused = count('policy_refusals')
  const lookups = count('cache_lookups')
  const joins = count('coalesced_calls')
  const fallbacks = count('fallbacks')
  const faults = count('injected_faults')
  // Made when there is a limit that is learned: 0 would read as if no call were let in.
  const limit = () =>
    metrics?.gauge({
      name: `rpc.${side}.concurrency_limit`,
      help: 'Calls that may be in flight at once, as learned. Of this host.',
    })
  return {
    onTimeout: ({ ctx, of }) => timeouts(ctx, { of }),
    onLateResult: ({ ctx }) => late(ctx),
    onRetry: ({ ctx, attempt, error, delayMs }) => {
      retries(ctx)
      logger?.debug(
        'retrying',
        () => ({ method: ctx.method.fullName, attempt, delayMs: rounded(delayMs), ...errorFields(error, false) }),
        ctx,
      )
    },
    onGiveUp: ({ ctx, attempts, reason, error }) => {
      givenUp(ctx, { reason })
      const fields = () => ({ method: ctx.method.fullName, attempts, reason, ...errorFields(error, false) })
      logger?.debug('gave up retrying', fields, ctx)
    },
    onHedge: ({ ctx, attempt, afterMs }) => {
      hedges(ctx)
      logger?.debug('hedging', () => ({ method: ctx.method.fullName, attempt, afterMs: rounded(afterMs) }), ctx)
    },
    onHedgeEnd: ({ ctx, winner = 1 }) => {
      if (winner > 1) hedgesWon(ctx)
    },
    onStateChange: ({ ctx, key, from, to, cause, openMs, reason }) => {
      transitions?.with({ 'rpc.service': ctx?.method.service ?? '', to }).add()
      const fields = { circuit: key, from, to, cause, reason, openMs: rounded(openMs), method: ctx?.method.fullName }
      logger?.log(
        to === 'open' || to === 'forced_open' ? 'warn' : 'info',
        `circuit ${to.replaceAll('_', ' ')}`,
        fields,
        ctx,
      )
    },
    onRefused: ({ ctx, policy }) => refused(ctx, { policy }),
    onStoreError: ({ policy, error, failures }) => {
      if (metrics !== undefined) policyCounter(metrics, side, 'policy_store_errors').with({ policy }).add()
      const level = failures === 1 ? 'warn' : 'debug'
      logger?.log(level, `store of the ${policy.replaceAll('_', ' ')} fails`, { policy, failures, error })
    },
    onLimitChange: (event) => {
      limit()?.set(event.limit)
      if (event.previous === undefined) return
      logger?.debug('concurrency limit changed', { limit: event.limit, previous: event.previous })
    },
    onLookup: ({ ctx, result }) => lookups(ctx, { result }),
    onJoin: ({ ctx }) => joins(ctx),
    onFallback: ({ ctx }) => fallbacks(ctx),
    onFault: ({ ctx, fault }) => {
      faults(ctx, { fault })
      logger?.debug('fault injected', () => ({ method: ctx.method.fullName, fault }), ctx)
    },
  }
}

type Count = (ctx: Context, labels?: Readonly<Record<string, string>>) => void

/** Makes functions that count into metrics by method, and by one label more. */
function counting(side: 'server' | 'client', metrics: Metrics | undefined) {
  return (name: PolicyCounter): Count => {
    if (metrics === undefined) return () => {}
    const counter = policyCounter(metrics, side, name)
    // Found by method and value: to look a series up by its labels is dear where it is done for each hit of a cache.
    const known = new WeakMap<MethodInfo, Map<string, Counter>>()
    return ({ method }, labels) => {
      const byValue = known.get(method) ?? new Map<string, Counter>()
      const value = labels === undefined ? '' : (Object.values(labels)[0] ?? '')
      let series = byValue.get(value)
      if (series === undefined) {
        series = counter.with({ 'rpc.method': method.fullName, ...labels })
        known.set(method, byValue.set(value, series))
      }
      series.add()
    }
  }
}

/** A log needs no fractions of milliseconds. */
function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms)
}
