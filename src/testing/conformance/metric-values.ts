// Conformance of a metrics backend: what counters and gauges come to.
import { type MetricsCase, near, soleValue } from './metrics-harness.ts'

/** Counters and gauges without labels. */
export const metricValueCases: readonly MetricsCase[] = [
  {
    name: 'adds up what a counter is given, fractions too, whenever it is collected',
    async run(harness) {
      await using backend = await harness.open()
      const counter = backend.metrics.counter({ name: 'hits' })
      let total = 0
      for (const amounts of [[1, 2.5], [0.25], [], [0, 100], [1e-3]]) {
        for (const amount of amounts) {
          counter.add(amount)
          total += amount
        }
        near(soleValue(await backend.collect(), 'hits'), total, 'the counter')
      }
      counter.add()
      near(soleValue(await backend.collect(), 'hits'), total + 1, 'the counter')
    },
  },
  {
    name: 'never lets a counter go down, nor become what it cannot come back from',
    async run(harness) {
      await using backend = await harness.open()
      const counter = backend.metrics.counter({ name: 'hits' })
      counter.add(5)
      await backend.collect()
      for (const amount of [-1, NaN, Infinity, -Infinity, -0.5]) counter.add(amount)
      near(soleValue(await backend.collect(), 'hits'), 5, 'the counter')
      counter.add(2)
      near(soleValue(await backend.collect(), 'hits'), 7, 'the counter')
    },
  },
  {
    name: 'shows a gauge as it was set last, below zero too',
    async run(harness) {
      await using backend = await harness.open()
      const gauge = backend.metrics.gauge({ name: 'level' })
      for (const values of [[3], [5, -2.5], [-7], [0], [4, 4]]) {
        for (const value of values) gauge.set(value)
        near(soleValue(await backend.collect(), 'level'), values.at(-1) ?? NaN, 'the gauge')
      }
    },
  },
  {
    name: 'adds to a gauge from its last value, also once that was collected',
    async run(harness) {
      await using backend = await harness.open()
      const gauge = backend.metrics.gauge({ name: 'level' })
      gauge.set(5)
      near(soleValue(await backend.collect(), 'level'), 5, 'the gauge')
      gauge.add(1)
      near(soleValue(await backend.collect(), 'level'), 6, 'the gauge')
      near(soleValue(await backend.collect(), 'level'), 6, 'the gauge that nobody touched')
      gauge.add(-10)
      gauge.add(0.5)
      near(soleValue(await backend.collect(), 'level'), -3.5, 'the gauge')
    },
  },
  {
    name: 'begins a gauge at zero, and adds nothing that it cannot come back from',
    async run(harness) {
      await using backend = await harness.open()
      const gauge = backend.metrics.gauge({ name: 'level' })
      gauge.add(2)
      for (const amount of [NaN, Infinity, -Infinity]) gauge.add(amount)
      near(soleValue(await backend.collect(), 'level'), 2, 'the gauge')
    },
  },
  {
    name: 'carries numbers of all sizes',
    async run(harness) {
      await using backend = await harness.open()
      const gauge = backend.metrics.gauge({ name: 'level' })
      const { largest = Number.MAX_VALUE } = harness
      const values = [1e-9, -1e-7, 0.1 + 0.2, 1 / 3, 123_456.789, 2 ** 53, 1e21, -1.5e100, -1.5e300]
      for (const value of values.filter((each) => Math.abs(each) <= largest)) {
        gauge.set(value)
        near(soleValue(await backend.collect(), 'level'), value, 'the gauge')
      }
    },
  },
]
