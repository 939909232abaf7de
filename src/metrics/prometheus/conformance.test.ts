// The conformance suite of metrics backends over pages of metrics: ours in both formats, and those of the clients that we record with.
import { describe, it } from 'node:test'
import * as official from '@prometheus-io/client'
import * as promClient from 'prom-client'
import { parsePage } from '../../../test/interop/prometheus/page.ts'
import { remembered, samplesOf } from '../../../test/interop/prometheus/page-samples.ts'
import { type MetricsHarness, metricsCases } from '../../testing/conformance/metrics.ts'
import type { Metrics } from '../metrics.ts'
import type { MetricOutline } from '../registry.ts'
import { clientMetrics } from './client-metrics.ts'
import type { ClientModule } from './client-register.ts'
import type { Format } from './format.ts'
import { prometheus } from './prometheus.ts'

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
