// Conformance of a metrics backend: what is read when it collects, and what becomes of the rest when it closes.
import assert from 'node:assert/strict'
import { type MetricsCase, near, soleValue, totalOf, withoutUncaught } from './metrics-harness.ts'

/** Collecting, flushing and closing. */
export const metricCollectionCases: readonly MetricsCase[] = [
  {
    name: 'calls who reads on collection before it looks at values, each time',
    async run(harness) {
      await using backend = await harness.open()
      const { metrics } = backend
      const gauge = metrics.gauge({ name: 'level' })
      const counter = metrics.counter({ name: 'reads' })
      let reads = 0
      metrics.onCollect(() => {
        reads++
        gauge.set(reads)
        counter.add()
      })
      for (let collection = 0; collection < 3; collection++) {
        const before = reads
        const samples = await backend.collect()
        assert.ok(reads > before, 'nobody was called')
        near(soleValue(samples, 'level'), reads, 'the gauge')
        near(soleValue(samples, 'reads'), reads, 'the counter')
      }
    },
  },
  {
    name: 'takes metrics that are made while it collects',
    async run(harness) {
      await using backend = await harness.open()
      const { metrics } = backend
      metrics.onCollect(() =>
        metrics
          .gauge({ name: 'level', labels: ['cpu'] })
          .with({ cpu: 0 })
          .set(7),
      )
      near(totalOf(await backend.collect(), 'level'), 7, 'the gauge')
    },
  },
  {
    name: 'shows all although one of those who read throws',
    async run(harness) {
      await using backend = await harness.open()
      const { metrics } = backend
      const [before, after] = ['before', 'after'].map((name) => metrics.gauge({ name }))
      metrics.onCollect(() => before?.set(1))
      const throwing = metrics.onCollect(() => {
        throw new Error('cannot be read')
      })
      metrics.onCollect(() => after?.set(2))
      const samples = await withoutUncaught(() => backend.collect())
      near(soleValue(samples, 'before'), 1, 'the gauge before')
      near(soleValue(samples, 'after'), 2, 'the gauge after')
      throwing[Symbol.dispose]()
    },
  },
  {
    name: 'no longer calls one who has taken that back, and only that one',
    async run(harness) {
      await using backend = await harness.open()
      const { metrics } = backend
      const reads = { first: 0, second: 0 }
      const first = metrics.onCollect(() => void reads.first++)
      metrics.onCollect(() => void reads.second++)
      await backend.collect()
      const before = { ...reads }
      assert.ok(before.first > 0 && before.second > 0)
      first[Symbol.dispose]()
      first[Symbol.dispose]()
      await backend.collect()
      assert.equal(reads.first, before.first)
      assert.ok(reads.second > before.second)
    },
  },
  {
    name: 'can be flushed at any time, and gains or loses nothing by it',
    async run(harness) {
      await using backend = await harness.open()
      const { metrics } = backend
      await metrics.flush?.()
      const counter = metrics.counter({ name: 'hits' })
      const histogram = metrics.histogram({ name: 'took', buckets: [1] })
      metrics.gauge({ name: 'level' }).set(-3)
      for (let round = 0; round < 5; round++) {
        counter.add(2)
        histogram.observe(1)
        await Promise.all([metrics.flush?.(), metrics.flush?.()])
      }
      const samples = await backend.collect()
      near(soleValue(samples, 'hits'), 10, 'the counter')
      near(soleValue(samples, 'level'), -3, 'the gauge')
      near(soleValue(samples, 'took', 'count'), 5, 'the count')
    },
  },
  {
    name: 'loses nothing that was measured before it closed, and then takes what comes without a word',
    async run(harness) {
      await using backend = await harness.open()
      const { metrics } = backend
      const counter = metrics.counter({ name: 'hits' })
      const gauge = metrics.gauge({ name: 'level' })
      const summary = metrics.summary({ name: 'waited' })
      const last = metrics.gauge({ name: 'last' })
      metrics.onCollect(() => last.set(9))
      counter.add(3)
      await backend.collect()
      counter.add(4)
      gauge.set(-5)
      summary.observe(2)
      const samples = await backend.close()
      near(soleValue(samples, 'hits'), 7, 'the counter')
      near(soleValue(samples, 'level'), -5, 'the gauge')
      near(soleValue(samples, 'waited', 'count'), 1, 'the count')
      near(soleValue(samples, 'last'), 9, 'what is read on collection')
      counter.add(1)
      gauge.set(1)
      summary.observe(1)
      await metrics.flush?.()
    },
  },
]
