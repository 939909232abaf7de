// summedGauge: one gauge of what several parts of a program have each of their own, as several clients of one service do.
import type { Metrics } from '../metrics/metrics.ts'

/** Which series it is. */
export interface SummedGaugeOptions {
  readonly name: string
  readonly help: string
  /** The labels and their values: what has the same is added up. */
  readonly labels: Readonly<Record<string, string>>
}

/**
 * Shows what `read` gives whenever metrics are read, until it is disposed: as a sum with what others show in the same series of the same metrics.
 * The series is forgotten with the last of them. Throws a TypeError for a name or labels that the metrics refuse.
 */
export function summedGauge(metrics: Metrics, options: SummedGaugeOptions, read: () => number): Disposable {
  const { name, help, labels } = options
  const all = shown.get(metrics) ?? new Map<string, Sum>()
  const key = JSON.stringify([name, labels])
  const sum = all.get(key) ?? begin(metrics, { name, help, labels })
  shown.set(metrics, all)
  all.set(key, sum)
  // The same function may be given twice.
  const own = { read }
  sum.parts.add(own)
  return {
    [Symbol.dispose]() {
      if (!sum.parts.delete(own) || sum.parts.size > 0) return
      all.delete(key)
      sum[Symbol.dispose]()
    },
  }
}

interface Sum extends Disposable {
  readonly parts: Set<{ readonly read: () => number }>
}

const shown = new WeakMap<Metrics, Map<string, Sum>>()

function begin(metrics: Metrics, { name, help, labels }: SummedGaugeOptions): Sum {
  const gauge = metrics.gauge({ name, help, labels: Object.keys(labels) })
  const parts: Sum['parts'] = new Set()
  const collecting = metrics.onCollect(() => {
    let sum = 0
    for (const { read } of parts) sum += read()
    gauge.with(labels).set(sum)
  })
  return {
    parts,
    [Symbol.dispose]() {
      collecting[Symbol.dispose]()
      // What was shown last would stay: a circuit that is open for ever.
      gauge.delete(labels)
    },
  }
}
