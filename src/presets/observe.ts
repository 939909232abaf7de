// What every service and every client should tell of its calls: metrics and a log, in the order in which they belong.
import { chain, type Middleware } from '../core/endpoint.ts'
import { callLog as callLogOf, type LogCallsOptions, logCalls } from '../log/log-calls.ts'
import type { Logger } from '../log/logger.ts'
import { type MeasureCallsOptions, measureCalls } from '../metrics/measure-calls.ts'
import type { Metrics } from '../metrics/metrics.ts'

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

/**
 * Measures and logs calls. It belongs in `use`, where validation stands within it: a request that does not fit its schema is
 * counted and logged as the `invalid_argument` that its caller gets.
 */
export function observe(options: ObserveOptions): Middleware {
  const { side = 'server', metrics, logger, callLog, measure } = options
  const isLogged = logger !== undefined && callLog !== false
  if (metrics === undefined) return isLogged ? logCalls(logger, { ...callLog, side }) : chain()
  // Calls are watched once for both.
  return measureCalls(metrics, {
    ...measure,
    side,
    ...(isLogged && { onEnd: callLogOf(logger, { ...callLog, side }) }),
  })
}
