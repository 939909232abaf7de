// Lost log records as a metric: roles do not know each other, so somebody has to introduce them.
import type { Logger } from '../log/logger.ts'
import type { Metrics } from '../metrics/metrics.ts'

/** How many lost records of each logger the metrics have heard of, from whichever service: several may share both. */
const told = new WeakMap<Metrics, WeakMap<Logger, number>>()

/** How many log records were lost, read when metrics are collected. Dispose what it returns when the log has ended. */
export function logMetrics(metrics: Metrics, logger: Logger): Disposable {
  const dropped = metrics.counter({
    name: 'log.dropped_records',
    help: 'Log records lost because their receiver was down or too slow. May be summed over hosts.',
  })
  const seen = told.get(metrics) ?? new WeakMap<Logger, number>()
  told.set(metrics, seen)
  return metrics.onCollect(() => {
    const total = logger.dropped
    dropped.add(total - (seen.get(logger) ?? 0))
    seen.set(logger, total)
  })
}
