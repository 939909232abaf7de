// Tests of tee.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { traceContext } from '../core/inbound.ts'
import { manualClock } from '../testing/manual-clock.ts'
import type { Metrics } from './metrics.ts'
import { noOpMetrics } from './no-op.ts'
import { type Registry, registry } from './registry.ts'
import { tee } from './tee.ts'

function shown(backend: Registry) {
  return backend
    .collect()
    .map(({ kind, spec, series }) => [
      kind,
      spec.name,
      ...series.map((one) => [...one.values, 'value' in one ? one.value : [one.count, one.sum]]),
    ])
}

describe('tee', () => {
  it('shows the page of the first backend that has one', () => {
    const handler = () => new Response()
    assert.equal(tee(registry(), Object.assign(registry(), { handler })).handler, handler)
    assert.equal(tee(registry()).handler, undefined)
  })

  it('passes all that is measured on to each backend', () => {
    const backends = [registry(), registry()]
    const both = tee(...backends)
    both.counter({ name: 'a' }).add()
    both
      .counter({ name: 'b', labels: ['x'] })
      .with({ x: 1 })
      .add(2)
    const gauge = both.gauge({ name: 'c' })
    gauge.set(5)
    gauge.add(-1)
    both
      .gauge({ name: 'd', labels: ['x'] })
      .with({ x: 1 })
      .set(3)
    both.histogram({ name: 'e', buckets: [1] }).observe(0.5)
    both
      .summary({ name: 'f', labels: ['x'] })
      .with({ x: 1 })
      .observe(7)
    for (const backend of backends) {
      assert.deepEqual(shown(backend), [
        ['counter', 'a', [1]],
        ['counter', 'b', ['1', 2]],
        ['gauge', 'c', [4]],
        ['gauge', 'd', ['1', 3]],
        ['histogram', 'e', [[1, 0.5]]],
        ['summary', 'f', ['1', [1, 7]]],
      ])
    }
  })

  it('measures into the same series whoever asks for the metric', () => {
    const backend = registry()
    const both = tee(backend, noOpMetrics)
    both.counter({ name: 'a' }).add()
    both.counter({ name: 'a' }).add()
    assert.deepEqual(shown(backend), [['counter', 'a', [2]]])
  })

  it('hands the trace of a call to each backend', () => {
    const backends = [registry(), registry()]
    const both = tee(...backends)
    const trace = { traceId: 'a', spanId: 'b', sampled: true, traceparent: '', tracestate: '' }
    const ctx = rootContext({ clock: manualClock() }).with(traceContext, trace)
    both.counter({ name: 'a' }).add(1, ctx)
    both.histogram({ name: 'b' }).observe(0, ctx)
    for (const backend of backends) {
      const [counter, histogram] = backend.collect()
      assert.ok(counter?.kind === 'counter' && histogram?.kind === 'histogram')
      assert.equal(counter.series[0]?.exemplar?.traceId, 'a')
      assert.equal(histogram.series[0]?.exemplar(0)?.traceId, 'a')
    }
  })

  it('refuses what a backend refuses', () => {
    const both = tee(noOpMetrics, registry())
    assert.throws(() => both.counter({ name: '9' }), TypeError)
    const labelled = both.counter({ name: 'a', labels: ['x'] })
    assert.throws(() => labelled.with({} as never), TypeError)
  })

  it('forgets a series in each backend, and says whether any had it', () => {
    const backends = [registry(), registry()]
    const labelled = tee(...backends).counter({ name: 'a', labels: ['x'] })
    labelled.with({ x: 1 })
    backends[0]?.counter({ name: 'a', labels: ['x'] }).delete({ x: 1 })
    assert.equal(labelled.delete({ x: 1 }), true)
    assert.equal(labelled.delete({ x: 1 }), false)
    for (const backend of backends) assert.deepEqual(shown(backend), [['counter', 'a']])
  })

  it('reads for each backend that collects, until it is disposed', () => {
    const backends = [registry(), registry()]
    let reads = 0
    {
      using _reader = tee(...backends).onCollect(() => void reads++)
      for (const backend of backends) backend.collect()
      assert.equal(reads, 2)
    }
    for (const backend of backends) backend.collect()
    assert.equal(reads, 2)
  })

  it('flushes the backends that can be flushed', async () => {
    let flushed = 0
    const pushing: Metrics = { ...noOpMetrics, flush: async () => void flushed++ }
    await tee(noOpMetrics, pushing, pushing).flush?.()
    assert.equal(flushed, 2)
  })

  it('waits for all that flush, also where one fails', async () => {
    let flushed = 0
    const slow: Metrics = {
      ...noOpMetrics,
      async flush() {
        await new Promise((resolve) => setImmediate(resolve))
        flushed++
      },
    }
    const rejects: Metrics = { ...noOpMetrics, flush: () => Promise.reject(new Error('gone')) }
    const throws: Metrics = {
      ...noOpMetrics,
      flush() {
        throw new Error('gone')
      },
    }
    await tee(rejects, throws, slow).flush?.()
    assert.equal(flushed, 1)
  })

  it('measures nothing when there is no backend', async () => {
    const none = tee()
    none.counter({ name: 'a' }).add()
    none
      .counter({ name: 'a', labels: ['x'] })
      .with({ x: 1 })
      .add()
    none.onCollect(() => {})[Symbol.dispose]()
    await none.flush?.()
  })
})
