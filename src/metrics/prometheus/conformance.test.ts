// The conformance suite of metrics backends over pages of metrics: ours in both formats, and those of the clients that we record with.
import { describe, it } from 'node:test'
import * as official from '@prometheus-io/client'
import * as promClient from 'prom-client'
import { parsePage } from '../../../test/interop/prometheus/page.ts'
import { type MetricsHarness, metricsCases, type Sample } from '../../testing/conformance/metrics.ts'
import { checkSpec, type MetricSpec } from '../metric-spec.ts'
import type { Metrics } from '../metrics.ts'
import { bucketQuantile } from '../quantile.ts'
import type { MetricOutline } from '../registry.ts'
import { clientMetrics } from './client-metrics.ts'
import type { ClientModule } from './client-register.ts'
import { exposedName } from './exposed-name.ts'
import type { Format } from './format.ts'
import { prometheus } from './prometheus.ts'

/** Metrics that remember what was made of them: a page has neither their names nor those of their labels. */
function remembered(metrics: Metrics, made: MetricOutline[]): Metrics {
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
  }
}

/** What a page says of a metric. */
function samplesOf(page: ReturnType<typeof parsePage>, format: Format, metric: MetricOutline): Sample[] {
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

interface Paged {
  readonly metrics: Metrics
  page(): string | Promise<string>
}

function harness(format: Format, open: () => Paged, more?: Omit<MetricsHarness, 'open'>): MetricsHarness {
  return {
    ...more,
    async open() {
      const { metrics, page } = open()
      const made: MetricOutline[] = []
      const collect = async () => {
        const families = parsePage(await page(), format)
        return made.flatMap((metric) => samplesOf(families, format, metric))
      }
      return { metrics: remembered(metrics, made), collect, close: collect, [Symbol.asyncDispose]: async () => {} }
    },
  }
}

const onCardinalityExceeded = () => {}

for (const format of ['text', 'openmetrics'] as const) {
  const open = () => {
    const metrics = prometheus({ onCardinalityExceeded })
    return { metrics, page: () => metrics.text(format) }
  }
  // With bounds below zero OpenMetrics has no sum.
  const ours = harness(format, open, format === 'text' ? {} : { without: ['sums'] })
  describe(`prometheus in the format ${format}`, () => {
    for (const { name, run } of metricsCases) it(name, () => run(ours))
  })
}

for (const [name, client] of Object.entries({ 'prom-client': promClient, '@prometheus-io/client': official })) {
  const open = () => {
    const register: promClient.Registry = new client.Registry() as never
    const metrics = clientMetrics(client as ClientModule, { register, onCardinalityExceeded })
    // The client asks its metrics, and so nobody before there is one; what is made meanwhile is on the next page.
    metrics.gauge({ name: 'first_of_all' })
    const page = async () => {
      await register.metrics()
      return (await register.metrics()).replaceAll(/^\n/gm, '')
    }
    return { metrics, page }
  }
  // It takes some sets of labels for the same, those with a `|` in their values: no text is changed, but not all are told apart.
  const theirs = harness('text', open, name === 'prom-client' ? {} : { labelText: (text) => text })
  describe(`clientMetrics of ${name}`, () => {
    for (const { name, run } of metricsCases) it(name, () => run(theirs))
  })
}
