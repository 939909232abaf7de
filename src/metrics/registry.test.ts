// Tests of registry.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Context, rootContext } from '../core/context.ts'
import { traceContext } from '../core/inbound.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { latencyBuckets } from './buckets.ts'
import { type MetricOutline, registry } from './registry.ts'

function traced(traceId: string): Context {
  const trace = { traceId, spanId: '1'.repeat(16), sampled: true, traceparent: '', tracestate: '' }
  return rootContext({ clock: manualClock() }).with(traceContext, trace)
}

describe('Registry', () => {
  it('shows its metrics in the order in which they were made, each with its spec', () => {
    const metrics = registry()
    metrics.summary({ name: 'b', unit: 'seconds', help: 'How long.' })
    metrics.counter({ name: 'a', labels: ['x'] })
    assert.deepEqual(
      metrics.collect().map(({ kind, spec, series }) => [kind, spec.name, spec.help, spec.unit, series.length]),
      [
        ['summary', 'b', 'How long.', 'seconds', 1],
        ['counter', 'a', '', '', 0],
      ],
    )
  })

  it('shows a metric without labels before it was used, and of one with labels only what was used', () => {
    const metrics = registry()
    metrics.counter({ name: 'a' })
    const labelled = metrics.counter({ name: 'b', labels: ['x'] })
    const [first, second] = metrics.collect()
    assert.deepEqual([first?.series.length, second?.series.length], [1, 0])
    labelled.with({ x: 1 })
    assert.equal(metrics.collect()[1]?.series.length, 1)
  })

  it('gives the same instrument again to whoever asks for the same metric', () => {
    const metrics = registry()
    assert.equal(metrics.counter({ name: 'a' }), metrics.counter({ name: 'a', help: 'Another one.', maxSeries: 5 }))
    assert.equal(metrics.gauge({ name: 'b', labels: ['x'] }), metrics.gauge({ name: 'b', labels: ['x'] }))
    assert.equal(metrics.histogram({ name: 'c' }), metrics.histogram({ name: 'c', buckets: latencyBuckets }))
    assert.equal(
      metrics.histogram({ name: 'd', buckets: [1] }),
      metrics.histogram({ name: 'd', buckets: [1, Infinity] }),
    )
    assert.equal(metrics.summary({ name: 'e' }), metrics.summary({ name: 'e', quantiles: [0.99, 0.95, 0.9, 0.5] }))
    assert.equal(metrics.collect().length, 5)
  })

  it('refuses another metric of the same name, and says how the two differ', () => {
    const metrics = registry()
    metrics.counter({ name: 'a', labels: ['x'], unit: 'bytes' })
    metrics.histogram({ name: 'h' })
    metrics.summary({ name: 's' })
    for (const again of [
      () => metrics.gauge({ name: 'a', labels: ['x'], unit: 'bytes' }),
      () => metrics.counter({ name: 'a', unit: 'bytes' }),
      () => metrics.counter({ name: 'a', labels: ['x', 'y'], unit: 'bytes' }),
      () => metrics.counter({ name: 'a', labels: ['x'], unit: 'seconds' }),
      () => metrics.counter({ name: 'a', labels: ['x'] }),
      () => metrics.histogram({ name: 'h', buckets: [1] }),
      () => metrics.summary({ name: 'h' }),
      () => metrics.summary({ name: 's', quantiles: [0.5] }),
      () => metrics.summary({ name: 's', maxAgeMs: 60_000 }),
    ]) {
      assert.throws(again, {
        name: 'TypeError',
        message: /^metric [ahs] is there already as a .*: it cannot be a .* too$/,
      })
    }
    assert.equal(metrics.collect().length, 3)
  })

  it('refuses a spec that makes no sense, and keeps nothing of it', () => {
    const metrics = registry()
    assert.throws(() => metrics.counter({ name: 'a b' }), TypeError)
    assert.throws(() => metrics.histogram({ name: 'a', buckets: [2, 1] }), TypeError)
    assert.throws(() => metrics.summary({ name: 'a', maxAgeMs: 0 }), RangeError)
    assert.deepEqual(metrics.collect(), [])
    metrics.counter({ name: 'a' })
  })

  it('takes names that objects have by themselves', () => {
    const metrics = registry()
    for (const name of ['constructor', '__proto__', 'toString']) metrics.counter({ name }).add()
    assert.equal(metrics.collect().length, 3)
  })

  it('reads what is only read to be shown before it shows anything', () => {
    const metrics = registry()
    const gauge = metrics.gauge({ name: 'a' })
    let reads = 0
    const reader = metrics.onCollect(() => gauge.set(++reads))
    const shown = () =>
      metrics.collect().flatMap(({ series }) => series.map((one) => ('value' in one ? one.value : NaN)))
    assert.deepEqual(shown(), [1])
    assert.deepEqual(shown(), [2])
    reader[Symbol.dispose]()
    assert.deepEqual(shown(), [2])
  })

  it('counts one who reads twice as two', () => {
    const metrics = registry()
    let reads = 0
    const read = () => void reads++
    const first = metrics.onCollect(read)
    metrics.onCollect(read)
    metrics.collect()
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    metrics.collect()
    assert.equal(reads, 3)
  })

  it('shows all although a reader throws', (t) => {
    const later: (() => void)[] = []
    t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => later.push(run))
    const metrics = registry()
    const gauge = metrics.gauge({ name: 'a' })
    metrics.onCollect(() => {
      throw new Error('mine')
    })
    metrics.onCollect(() => gauge.set(7))
    const [family] = metrics.collect()
    assert.ok(family?.kind === 'gauge')
    assert.equal(family.series[0]?.value, 7)
    assert.throws(() => later[0]?.(), { message: 'mine' })
  })

  it('measures time with the clock that it was given', async () => {
    const clock = manualClock()
    const metrics = registry({ clock })
    metrics.summary({ name: 'a', maxAgeMs: 1_000, quantiles: [0.5] }).observe(1)
    const quantiles = () =>
      metrics.collect().flatMap(({ series }) => series.flatMap((one) => ('quantiles' in one ? one.quantiles() : [])))
    assert.ok(Math.abs((quantiles()[0] ?? 0) - 1) < 0.02)
    await clock.advance(1_000)
    assert.deepEqual(quantiles(), [NaN])
  })

  it('shows each metric to a backend that has rules of its own, and makes none that it refuses', () => {
    const metrics = registry()
    metrics.counter({ name: 'before' })
    const seen = recorder<MetricOutline>()
    const backend = metrics.onRegister((metric) => {
      seen(metric)
      if (metric.spec.name === 'bad') throw new TypeError('mine')
    })
    assert.throws(() => metrics.counter({ name: 'bad' }), { message: 'mine' })
    metrics.gauge({ name: 'good' })
    metrics.gauge({ name: 'good' })
    assert.deepEqual(
      seen.events.map(({ kind, spec }) => [kind, spec.name]),
      [
        ['counter', 'before'],
        ['counter', 'bad'],
        ['gauge', 'good'],
      ],
    )
    backend[Symbol.dispose]()
    metrics.counter({ name: 'bad' })
    assert.deepEqual(
      metrics.collect().map(({ spec }) => spec.name),
      ['before', 'good', 'bad'],
    )
  })

  it('has its series take another exemplar after each collection', () => {
    const metrics = registry()
    const counter = metrics.counter({ name: 'a' })
    const traces = ['a', 'b', 'c'].map((traceId) => {
      counter.add(1, traced(traceId))
      counter.add(1, traced('later'))
      const [family] = metrics.collect()
      return family?.kind === 'counter' ? family.series[0]?.exemplar?.traceId : undefined
    })
    assert.deepEqual(traces, ['a', 'b', 'c'])
  })
})
