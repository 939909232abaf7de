// Conformance of a metrics backend: which metric a name is, and what is no metric.
import assert from 'node:assert/strict'
import type { Metrics } from '../../metrics/metrics.ts'
import { type MetricsCase, near, soleValue } from './metrics-harness.ts'

/** Makes metrics that there must not be, one at a time. */
function refuses(metrics: Metrics, specs: readonly (() => unknown)[]): void {
  for (const make of specs) assert.throws(make, TypeError, String(make))
  // What was refused is not half there.
  metrics.counter({ name: 'fresh' }).add()
}

/** How metrics are made. */
export const metricMakingCases: readonly MetricsCase[] = [
  {
    name: 'gives all who ask for a metric the same one',
    async run(harness) {
      await using backend = await harness.open()
      const { metrics } = backend
      metrics.counter({ name: 'hits', help: 'How often.' }).add(1)
      metrics.counter({ name: 'hits', help: 'How often.' }).add(2)
      metrics.gauge({ name: 'level', unit: 'bytes' }).set(5)
      metrics.gauge({ name: 'level', unit: 'bytes' }).add(1)
      metrics.histogram({ name: 'took', buckets: [1, 2] }).observe(1)
      metrics.histogram({ name: 'took', buckets: [1, 2] }).observe(1)
      metrics.summary({ name: 'waited' }).observe(1)
      metrics.summary({ name: 'waited' }).observe(1)
      const samples = await backend.collect()
      near(soleValue(samples, 'hits'), 3, 'the counter')
      near(soleValue(samples, 'level'), 6, 'the gauge')
      near(soleValue(samples, 'took', 'count'), 2, 'the histogram')
      near(soleValue(samples, 'waited', 'count'), 2, 'the summary')
    },
  },
  {
    name: 'refuses another metric of the same name',
    async run(harness) {
      await using backend = await harness.open()
      const { metrics } = backend
      metrics.counter({ name: 'hits', labels: ['method'] })
      metrics.histogram({ name: 'took', buckets: [1, 2] })
      metrics.gauge({ name: 'level', unit: 'seconds' })
      refuses(metrics, [
        () => metrics.gauge({ name: 'hits', labels: ['method'] }),
        () => metrics.counter({ name: 'hits' }),
        () => metrics.counter({ name: 'hits', labels: ['method', 'code'] }),
        () => metrics.histogram({ name: 'took', buckets: [1, 3] }),
        () => metrics.summary({ name: 'took' }),
        () => metrics.gauge({ name: 'level', unit: 'milliseconds' }),
      ])
    },
  },
  {
    name: 'refuses what makes no metric',
    async run(harness) {
      await using backend = await harness.open()
      const { metrics } = backend
      refuses(metrics, [
        () => metrics.counter({ name: '' }),
        () => metrics.gauge({ name: 'a b' }),
        () => metrics.histogram({ name: '9lives' }),
        () => metrics.summary({ name: 'a\nb' }),
        () => metrics.counter({ name: 'hits', labels: ['a b'] }),
        () => metrics.counter({ name: 'hits', labels: ['a', 'a'] }),
        () => metrics.counter({ name: 'hits', labels: ['a'], keep: ['b' as 'a'] }),
        () => metrics.histogram({ name: 'took', buckets: [2, 1] }),
        () => metrics.histogram({ name: 'took', buckets: [] }),
      ])
    },
  },
]
