// The conformance suite of metrics backends over CloudWatch in memory, which adds up as CloudWatch does.
import { describe, it } from 'node:test'
import type { MetricDatum, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch'
import { type MetricsHarness, metricsCases, type Sample } from '../../testing/conformance/metrics.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { cloudwatch } from './cloudwatch.ts'
import { largest } from './datum-series.ts'
import { text } from './dimensions.ts'

/** What CloudWatch knows of one metric, that is of one set of dimensions. */
interface Known {
  readonly name: string
  readonly labels: Record<string, string>
  sum: number
  last: number
  isCounter: boolean
  readonly values: number[]
}

class Totals {
  readonly known = new Map<string, Known>()

  take({ MetricName = '', Dimensions = [], Value, Unit, Values, Counts }: MetricDatum): void {
    const labels = Object.fromEntries(Dimensions.map(({ Name = '', Value = '' }) => [Name, Value]))
    const key = JSON.stringify([MetricName, labels])
    const isCounter = Unit === 'Count'
    const metric = this.known.get(key) ?? { name: MetricName, labels, sum: 0, last: 0, isCounter, values: [] }
    this.known.set(key, metric)
    if (Value !== undefined) {
      metric.sum += Value
      metric.last = Value
    }
    Values?.forEach((value, at) => metric.values.push(...Array.from({ length: Counts?.[at] ?? 1 }, () => value)))
  }

  samples(): Sample[] {
    return [...this.known.values()].flatMap(({ name, labels, sum, last, isCounter, values }): Sample[] => {
      if (values.length === 0) return [{ name, labels, field: 'value', value: isCounter ? sum : last }]
      const sorted = values.toSorted((a, b) => a - b)
      return [
        { name, labels, field: 'count', value: values.length },
        { name, labels, field: 'sum', value: values.reduce((total, value) => total + value, 0) },
        ...[50, 90, 95, 99].map(
          (percent): Sample => ({
            name,
            labels,
            field: `p${percent}`,
            value: sorted[Math.floor((percent / 100) * sorted.length)] ?? NaN,
          }),
        ),
      ]
    })
  }
}

const harness: MetricsHarness = {
  async open() {
    const clock = manualClock()
    const totals = new Totals()
    const client = {
      send: async ({ input }: PutMetricDataCommand) => input.MetricData?.forEach((datum) => totals.take(datum)),
    }
    const metrics = cloudwatch({ client, namespace: 'test', clock, onCardinalityExceeded: () => {} })
    const close = async () => {
      await metrics[Symbol.asyncDispose]()
      return totals.samples()
    }
    return {
      metrics,
      collect: async () => {
        await metrics.flush()
        return totals.samples()
      },
      close,
      pass: (ms) => clock.advance(ms),
      [Symbol.asyncDispose]: async () => void (await close()),
    }
  },
  labelText: text,
  largest,
}

describe('cloudwatch', () => {
  for (const { name, run } of metricsCases) it(name, () => run(harness))
})
