// Proves the conformance suite of metrics backends: metrics in memory pass it, and a backend with the usual faults fails the cases it should.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Metrics } from '../../metrics/metrics.ts'
import { bucketQuantile } from '../../metrics/quantile.ts'
import { type Registry, registry } from '../../metrics/registry.ts'
import { tee } from '../../metrics/tee.ts'
import { type MetricsHarness, metricsCases, type Sample } from './metrics.ts'

/** What is in a registry. */
function samplesOf(metrics: Registry): Sample[] {
  return metrics.collect().flatMap(({ spec, series }) =>
    series.flatMap((one): Sample[] => {
      const labels = Object.fromEntries(spec.labels.map((label, index) => [label, one.values[index] ?? '']))
      const sample = (field: Sample['field'], value: number): Sample => ({ name: spec.name, labels, field, value })
      if ('value' in one) return [sample('value', one.value)]
      const quantiles =
        'counts' in one
          ? [0.5, 0.9, 0.95, 0.99].map(
              (quantile) => [quantile, bucketQuantile(quantile, one.bounds, one.counts)] as const,
            )
          : one.quantiles().map((value, index) => [one.shape.quantiles[index] ?? NaN, value] as const)
      return [
        sample('count', one.count),
        sample('sum', one.sum),
        ...quantiles.map(([quantile, value]) => sample(`p${Math.round(quantile * 100)}`, value)),
      ]
    }),
  )
}

/** A backend that is asked for what it holds in memory. */
function inMemory(wrap: (metrics: Registry) => Metrics = (metrics) => metrics): MetricsHarness {
  return {
    open: async () => {
      const kept = registry({ onCardinalityExceeded: () => {} })
      const collect = async () => samplesOf(kept)
      return { metrics: wrap(kept), collect, close: collect, [Symbol.asyncDispose]: async () => {} }
    },
  }
}

/**
 * A first attempt that sends what was added since it last did, as several of Go kit's backends: it begins each interval with nothing,
 * takes labels in the order in which they come, knows no limit and reads nothing when it collects.
 */
function naive(): MetricsHarness {
  return {
    open: async () => {
      const received = new Map<string, Sample>()
      let interval = new Map<string, Sample>()
      const put = (
        name: string,
        labels: Readonly<Record<string, string>>,
        field: Sample['field'],
        value: number,
        adds: boolean,
      ) => {
        const key = JSON.stringify([name, labels, field])
        const before = interval.get(key)?.value ?? 0
        interval.set(key, { name, labels, field, value: adds ? before + value : value })
      }
      const instrument = (name: string, labels: Readonly<Record<string, string>>) => ({
        add: (amount = 1) => put(name, labels, 'value', amount, true),
        set: (value: number) => put(name, labels, 'value', value, false),
        observe: (value: number) => {
          put(name, labels, 'count', 1, true)
          put(name, labels, 'sum', value, true)
        },
      })
      const text = (labels: Readonly<Record<string, unknown>>) =>
        Object.fromEntries(Object.entries(labels).map(([label, value]) => [label, String(value)]))
      const make = ({ name, labels }: { readonly name: string; readonly labels?: readonly string[] }) =>
        labels === undefined
          ? instrument(name, {})
          : { with: (values: Readonly<Record<string, unknown>>) => instrument(name, text(values)) }
      const metrics = {
        ...{ counter: make, gauge: make, histogram: make, summary: make },
        onCollect: () => ({ [Symbol.dispose]() {} }),
      } as unknown as Metrics
      const known = () => [...received.values()]
      return {
        metrics,
        collect: async () => {
          for (const [key, sample] of interval) {
            const isGauge = sample.name === 'level'
            const before = isGauge ? 0 : (received.get(key)?.value ?? 0)
            received.set(key, { ...sample, value: before + sample.value })
          }
          interval = new Map()
          return known()
        },
        close: async () => known(),
        [Symbol.asyncDispose]: async () => {},
      }
    },
  }
}

describe('the conformance suite of metrics backends', () => {
  it('has no two cases of one name', () => {
    const names = metricsCases.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
  })

  it('fails a backend with the usual faults', async () => {
    const failed: string[] = []
    for (const { name, run } of metricsCases) {
      await run(naive()).catch(() => failed.push(name))
    }
    for (const name of [
      'never lets a counter go down, nor become what it cannot come back from',
      'adds to a gauge from its last value, also once that was collected',
      'begins a gauge at zero, and adds nothing that it cannot come back from',
      'gives count, sum and quantiles of what a histogram was shown',
      'takes zero and less into a summary, and leaves out what is not finite',
      'refuses another metric of the same name',
      'refuses what makes no metric',
      'leads the same values to the same series, in whatever order and as text, number or boolean',
      'refuses a label that is missing or strange, also where the series is there',
      'counts series beyond their limit together, so that sums stay true and series few',
      'calls who reads on collection before it looks at values, each time',
      'no longer calls one who has taken that back, and only that one',
      'loses nothing that was measured before it closed, and then takes what comes without a word',
      'is right at the end of a day, however often it was collected',
    ]) {
      assert.ok(failed.includes(name), `should fail: ${name}`)
    }
    assert.ok(failed.length < metricsCases.length, 'a backend that adds up passes some')
  })
})

for (const [name, harness] of [
  ['metrics in memory', inMemory()],
  [
    'metrics that go to two backends',
    inMemory((metrics) => tee(registry({ onCardinalityExceeded: () => {} }), metrics)),
  ],
] as const) {
  describe(name, () => {
    for (const { name, run } of metricsCases) it(name, () => run(harness))
  })
}
