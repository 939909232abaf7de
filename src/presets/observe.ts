// What every service and every client should tell of its calls: metrics and a log, in the order in which they belong.
import { chain, type Middleware } from '../core/endpoint.ts'
import { callLog as callLogOf, type LogCallsOptions, logCalls } from '../log/log-calls.ts'
import type { Logger } from '../log/logger.ts'
import { type MeasureCallsOptions, measureCalls } from '../metrics/measure-calls.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { type PolicyEvents, policyEvents } from './policy-events.ts'

export type { PolicyEvents } from './policy-events.ts'

/** Where it is told, and what. */
export interface ObserveOptions {
  /** At which end: of calls that are served, or that are made. @default 'server' */
  readonly side?: 'server' | 'client' | undefined
  /** Rate, errors and duration of all calls. @default no metrics */
  readonly metrics?: Metrics | undefined
  /** A line for each call. @default no log */
  readonly logger?: Logger | undefined
  /** What is logged of calls; false for nothing. @default a line for each call */
  readonly callLog?: Omit<LogCallsOptions, 'side'> | false | undefined
  /** What is measured of calls. */
  readonly measure?: Omit<MeasureCallsOptions, 'side' | 'onEnd'> | undefined
}

/** What watches calls, and hears what policies do with them. */
export interface Observer extends Middleware {
  /** To be spread into the options of any policy: `retry({ ...watch.events, attempts: 2 })`. Empty where there are neither metrics nor a logger. */
  readonly events: Partial<PolicyEvents>
}

/**
 * Measures and logs calls. It belongs in `use`, where validation stands within it: a request that does not fit its schema is
 * counted and logged as the `invalid_argument` that its caller gets. What policies do with calls is counted and logged through `events`.
 */
export function observe(options: ObserveOptions): Observer {
  const { side = 'server', metrics, logger } = options
  const hears = metrics !== undefined || logger !== undefined
  let events: Partial<PolicyEvents> | undefined
  // Made when asked for: where there are no policies, their metrics would be a page of nothing.
  const get = () => (events ??= hears ? policyEvents({ side, metrics, logger }) : {})
  return Object.defineProperty(watcher(options), 'events', { get }) as Observer
}

function watcher({ side = 'server', metrics, logger, callLog, measure }: ObserveOptions): Middleware {
  const isLogged = logger !== undefined && callLog !== false
  if (metrics === undefined) return isLogged ? logCalls(logger, { ...callLog, side }) : chain()
  // Calls are watched once for both.
  return measureCalls(metrics, {
    ...measure,
    side,
    ...(isLogged && { onEnd: callLogOf(logger, { ...callLog, side }) }),
  })
}
