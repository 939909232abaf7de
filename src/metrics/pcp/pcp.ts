// PCP: metrics in a file of memory mapped values, which the agent pmdammv of Performance Co-Pilot reads without asking the program.
import { open, rename, rm, stat } from 'node:fs/promises'
import { type Pcp, PcpMetrics } from './pcp-metrics.ts'
import { checkedPcp, type PcpOptions } from './pcp-options.ts'

export type { Pcp, PcpStats } from './pcp-metrics.ts'
export type { PcpFailure, PcpOptions } from './pcp-options.ts'

/**
 * Writes metrics to a file for PCP, one interval from now and then at intervals. Throws a RangeError or TypeError for an option that makes no sense, and for
 * metrics whose names PCP cannot have side by side: `calls` and `calls.sum`.
 *
 * - A counter is a counter, a gauge an instant value, both with the unit of the metric where PCP knows it. A histogram or summary `took` is `took.count` and
 *   `took.sum`, which are counters, and `took.spread`, whose instances are the mean of all values and quantiles.
 * - Labels are instances: `method=sum,code=ok`; see `instanceName`.
 * - Values are changed in place. A new series makes a new file in the place of the old one, so that a reader sees the one or the other.
 * - The file is gone when the metrics are disposed. That of a process which ended otherwise is not read any more, unless `whileRunning` is false.
 *
 * The format: https://man7.org/linux/man-pages/man5/mmv.5.html
 */
export function pcp(options: PcpOptions): Pcp {
  return new PcpMetrics(options, checkedPcp(options), { open, rename, rm, stat })
}
