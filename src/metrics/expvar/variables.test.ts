// Tests of variables.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Metrics } from '../metrics.ts'
import { registry } from '../registry.ts'
import { variables } from './variables.ts'

function shown(measure: (metrics: Metrics) => void) {
  const metrics = registry()
  measure(metrics)
  return [...variables(metrics.collect())]
}

describe('variables', () => {
  it('shows counters and gauges as numbers', () => {
    const measured = shown((metrics) => {
      metrics.counter({ name: 'calls' }).add(2.5)
      metrics.gauge({ name: 'rpc.in_flight' }).set(-3)
    })
    assert.deepEqual(measured, [
      ['calls', 2.5],
      ['rpc.in_flight', -3],
    ])
  })

  it('shows histograms as quantiles, count and sum', () => {
    const measured = shown((metrics) => {
      const histogram = metrics.histogram({ name: 'took', buckets: [10, 20] })
      for (let value = 1; value <= 20; value++) histogram.observe(value)
    })
    assert.deepEqual(measured, [
      ['took.p50', 10],
      ['took.p90', 18],
      ['took.p95', 19],
      ['took.p99', 19.8],
      ['took.count', 20],
      ['took.sum', 210],
    ])
  })

  it('shows a summary with the quantiles that it asks for', () => {
    const measured = shown((metrics) => {
      metrics.summary({ name: 'took', quantiles: [0, 0.5, 0.999, 1] }).observe(0)
    })
    assert.deepEqual(measured, [
      ['took.p0', 0],
      ['took.p50', 0],
      ['took.p99.9', 0],
      ['took.p100', 0],
      ['took.count', 1],
      ['took.sum', 0],
    ])
  })

  it('shows labels as levels, in the order in which the metric has them', () => {
    const measured = shown((metrics) => {
      const calls = metrics.counter({ name: 'calls', labels: ['method', 'code'] })
      calls.with({ code: 'ok', method: 'sum' }).add(3)
      calls.with({ code: 'internal', method: 'sum' }).add()
      calls.with({ code: 'ok', method: 'a=b,c' }).add(2)
      calls.with({ code: '__proto__', method: '' }).add(4)
      metrics
        .histogram({ name: 'took', labels: ['method'], buckets: [1] })
        .with({ method: 'sum' })
        .observe(1)
      metrics.gauge({ name: 'unused', labels: ['x'] })
    })
    assert.deepEqual(measured, [
      [
        'calls',
        {
          'method=sum': { 'code=ok': 3, 'code=internal': 1 },
          'method=a=b,c': { 'code=ok': 2 },
          'method=': { 'code=__proto__': 4 },
        },
      ],
      ['took', { 'method=sum': { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, count: 1, sum: 1 } }],
      ['unused', {}],
    ])
  })

  it('shows what is unknown or endless as null', () => {
    const measured = shown((metrics) => {
      metrics.gauge({ name: 'a' }).set(NaN)
      metrics.gauge({ name: 'b' }).set(-Infinity)
      metrics.summary({ name: 'c', quantiles: [0.5] })
      metrics.histogram({ name: 'd' })
    })
    assert.deepEqual(measured.slice(0, 4), [
      ['a', null],
      ['b', null],
      ['c.p50', null],
      ['c.count', 0],
    ])
    assert.deepEqual(Object.fromEntries(measured)['d.p99'], null)
  })
})
