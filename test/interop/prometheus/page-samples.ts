// What a page of Prometheus says of metrics, for the conformance suite: it has neither their names nor those of their labels.
import { checkSpec, type MetricSpec } from '../../../src/metrics/metric-spec.ts'
import type { Metrics } from '../../../src/metrics/metrics.ts'
import { exposedName } from '../../../src/metrics/prometheus/exposed-name.ts'
import type { Format } from '../../../src/metrics/prometheus/format.ts'
import { bucketQuantile } from '../../../src/metrics/quantile.ts'
import type { MetricOutline } from '../../../src/metrics/registry.ts'
import type { Sample } from '../../../src/testing/conformance/metrics.ts'
import type { parsePage } from './page.ts'

/** Metrics that remember what was made of them: a page has neither their names nor those of their labels. */
export function remembered(metrics: Metrics, made: MetricOutline[]): Metrics {
  const remember =
    (kind: MetricOutline['kind']) =>
    (spec: MetricSpec<string>): never => {
      const measured = metrics[kind](spec)
      if (!made.some((metric) => metric.spec.name === spec.name)) made.push({ kind, spec: checkSpec(spec) })
      return measured as never
    }
  return {
    counter: remember('counter'),
    gauge: remember('gauge'),
    histogram: remember('histogram'),
    summary: remember('summary'),
    onCollect: (read) => metrics.onCollect(read),
    flush: () => metrics.flush?.() ?? Promise.resolve(),
  }
}

/** What a page says of a metric. */
export function samplesOf(page: ReturnType<typeof parsePage>, format: Format, metric: MetricOutline): Sample[] {
  const { name, labels: names } = metric.spec
  const { text, openMetrics, labels: exposed } = exposedName(metric)
  const family = page.find((one) => one.name === (format === 'text' ? text : openMetrics))
  const samples: Sample[] = []
  const buckets = new Map<string, { labels: Sample['labels']; bounds: number[]; upTo: number[] }>()
  for (const { name: shown, labels: all, value: written } of family?.samples ?? []) {
    const labels = Object.fromEntries(names.map((label, index) => [label, all[exposed[index] ?? ''] ?? '']))
    const value = Number(written.replace('Inf', 'Infinity'))
    const suffix = /_(?:bucket|sum|count)$/.exec(shown)?.[0]
    if (metric.kind === 'counter' || metric.kind === 'gauge') samples.push({ name, labels, field: 'value', value })
    else if (suffix === '_sum' || suffix === '_count')
      samples.push({ name, labels, field: suffix === '_sum' ? 'sum' : 'count', value })
    else if (suffix === undefined)
      samples.push({ name, labels, field: `p${Math.round(Number(all['quantile']) * 100)}`, value })
    else {
      const key = JSON.stringify(labels)
      const series = buckets.get(key) ?? { labels, bounds: [], upTo: [] }
      buckets.set(key, series)
      if (all['le'] !== '+Inf') series.bounds.push(Number(all['le']))
      series.upTo.push(value)
    }
  }
  for (const { labels, bounds, upTo } of buckets.values()) {
    // OpenMetrics has no `_count` where bounds are below zero.
    if (!samples.some((sample) => sample.field === 'count' && JSON.stringify(sample.labels) === JSON.stringify(labels)))
      samples.push({ name, labels, field: 'count', value: upTo.at(-1) ?? NaN })
    const counts = upTo.map((count, index) => count - (upTo[index - 1] ?? 0))
    for (const quantile of [0.5, 0.9, 0.95, 0.99])
      samples.push({
        name,
        labels,
        field: `p${quantile * 100}`,
        value: bucketQuantile(quantile, bounds, counts),
      })
  }
  return samples
}
