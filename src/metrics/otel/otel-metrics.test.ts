// Tests of otel-metrics.ts, with the real SDK of OpenTelemetry.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createNoopMeter, type Meter } from '@opentelemetry/api'
import { type Histogram, MeterProvider } from '@opentelemetry/sdk-metrics'
import { TestReader } from '../../../test/platform/otel-samples.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { latencyBuckets, sizeBuckets } from '../buckets.ts'
import { otelMetrics } from './otel-metrics.ts'

function scene() {
  const reader = new TestReader()
  const provider = new MeterProvider({ readers: [reader] })
  const metrics = otelMetrics(provider.getMeter('orders', '1.0'))
  const collected = async () =>
    Object.fromEntries((await reader.metrics()).map((metric) => [metric.descriptor.name, metric]))
  return { metrics, provider, collected }
}

const pointsOf = (
  metric: { readonly dataPoints: readonly { readonly attributes: unknown; readonly value: unknown }[] } | undefined,
) => metric?.dataPoints.map(({ attributes, value }) => [attributes, value])

describe('metrics of OpenTelemetry', () => {
  it('are instruments with name, description, unit and attributes', async () => {
    const { metrics, collected } = scene()
    const calls = metrics.counter({
      name: 'rpc.server.calls',
      help: 'How many.',
      unit: 'calls',
      labels: ['rpc.method', 'code'],
    })
    calls.with({ 'rpc.method': 'sum', code: 0 }).add(2)
    calls.with({ 'rpc.method': 'sum', code: 0 }).add(0.5)
    calls.with({ 'rpc.method': 'count', code: 1 }).add()
    metrics
      .gauge({ name: 'level', unit: 'ratio', labels: ['of'] })
      .with({ of: 'tank' })
      .set(-0.5)
    metrics.histogram({ name: 'took', unit: 'seconds', buckets: [0.1, 1] }).observe(0.5)
    const { 'rpc.server.calls': counter, level, took } = await collected()
    assert.deepEqual([counter?.descriptor.description, counter?.descriptor.unit], ['How many.', '{calls}'])
    assert.deepEqual(pointsOf(counter), [
      [{ 'rpc.method': 'sum', code: '0' }, 2.5],
      [{ 'rpc.method': 'count', code: '1' }, 1],
    ])
    assert.deepEqual([level?.descriptor.unit, pointsOf(level)], ['1', [[{ of: 'tank' }, -0.5]]])
    assert.equal(took?.descriptor.unit, 's')
    const [{ value } = { value: undefined }] = took?.dataPoints ?? []
    assert.deepEqual((value as Histogram).buckets, { boundaries: [0.1, 1], counts: [0, 1, 0] })
  })

  it('have usual buckets for a summary of what takes time or space', async () => {
    const { metrics, collected } = scene()
    metrics.summary({ name: 'waited', unit: 'seconds' }).observe(1)
    metrics.summary({ name: 'blocked', unit: 'milliseconds' }).observe(1)
    metrics.summary({ name: 'size', unit: 'bytes' }).observe(1)
    metrics.summary({ name: 'depth' }).observe(1)
    const metricsByName = await collected()
    const bounds = (name: string) => {
      const value = metricsByName[name]?.dataPoints[0]?.value as Histogram | undefined
      return value?.buckets.boundaries
    }
    assert.deepEqual(bounds('waited'), latencyBuckets)
    assert.deepEqual(
      bounds('blocked'),
      latencyBuckets.map((seconds) => seconds * 1_000),
    )
    assert.deepEqual(bounds('size'), sizeBuckets)
    assert.deepEqual(bounds('depth')?.slice(0, 3), [0, 5, 10])
  })

  it('call who reads once a collection, whatever instruments there are', async () => {
    const { metrics, collected } = scene()
    let reads = 0
    const counter = metrics.counter({ name: 'reads' })
    metrics.onCollect(() => {
      reads++
      counter.add()
    })
    assert.deepEqual(pointsOf((await collected())['reads']), [[{}, 1]])
    for (const name of ['a', 'b', 'c']) metrics.gauge({ name }).set(1)
    assert.deepEqual(pointsOf((await collected())['reads']), [[{}, 2]])
    assert.equal(reads, 2)
  })

  it('measure no more what was deleted', async () => {
    const { metrics, collected } = scene()
    const calls = metrics.counter({ name: 'calls', labels: ['of'] })
    const level = metrics.gauge({ name: 'level', labels: ['of'] })
    const [call, gauge] = [calls.with({ of: 'a' }), level.with({ of: 'a' })]
    call.add(2)
    gauge.set(2)
    assert.equal(calls.delete({ of: 'a' }) && level.delete({ of: 'a' }), true)
    call.add(2)
    gauge.set(3)
    const { calls: counted, level: held } = await collected()
    assert.deepEqual([pointsOf(counted), held], [[[{ of: 'a' }, 2]], undefined])
  })

  it('count what the meter throws at, and say so', async () => {
    const reader = new TestReader()
    const real = new MeterProvider({ readers: [reader] }).getMeter('orders')
    const broken = (): never => {
      throw new Error('broken')
    }
    const meter: Meter = Object.assign(Object.create(real), {
      createCounter: () => ({ add: broken }),
      createHistogram: broken,
      createObservableGauge: broken,
    })
    const metrics = otelMetrics(meter)
    metrics.counter({ name: 'calls' }).add()
    metrics.histogram({ name: 'took' }).observe(1)
    metrics.gauge({ name: 'level' }).set(1)
    assert.equal(metrics.stats.failures, 3)
    assert.equal((metrics.stats.lastError as Error).message, 'broken')
    const [failures] = await reader.metrics()
    assert.deepEqual([failures?.descriptor.name, pointsOf(failures)], ['servicekit.otel.failures', [[{}, 3]]])
  })

  it('measure nothing with a meter that nobody reads', async () => {
    const metrics = otelMetrics(createNoopMeter())
    metrics.counter({ name: 'calls' }).add()
    metrics.gauge({ name: 'level' }).set(1)
    await metrics.flush()
    assert.deepEqual(metrics.stats, { failures: 0, lastError: undefined })
    assert.equal(metrics.handler, undefined)
  })

  it('are flushed as they are told to, whatever comes of that, and for no longer than they may', async () => {
    const meter = createNoopMeter()
    await otelMetrics(meter, { flush: () => Promise.reject(new Error('no')) }).flush()
    const clock = manualClock()
    let isOver = false
    void otelMetrics(meter, { flush: () => new Promise(() => {}), flushTimeoutMs: 100, clock })
      .flush()
      .then(() => {
        isOver = true
      })
    await clock.advance(99)
    assert.equal(isOver, false)
    await clock.advance(1)
    assert.equal(isOver, true)
  })

  it('refuse what is no meter, and what would be another metric', () => {
    for (const wrong of [undefined, {}, new MeterProvider()])
      assert.throws(
        () => otelMetrics(wrong as never),
        /^TypeError: meter must be what getMeter\(name\) of a MeterProvider gives$/,
      )
    const meter = createNoopMeter()
    assert.throws(() => otelMetrics(meter, { flush: 1 as never }), /^TypeError: flush must be a function$/)
    assert.throws(() => otelMetrics(meter, { flushTimeoutMs: -1 }), RangeError)
    const metrics = otelMetrics(meter)
    metrics.counter({ name: 'a:b' })
    assert.throws(() => metrics.counter({ name: 'A_b' }), TypeError)
  })
})
