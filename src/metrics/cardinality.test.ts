// Tests of cardinality.ts: strangers may choose label values, and still series stay bounded and sums true.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { recorder } from '../testing/recorder.ts'
import { overflowValue as over } from './cardinality.ts'
import type { CounterSeries } from './counter.ts'
import type { LabelValue } from './labelled.ts'
import type { MetricSpec } from './metric-spec.ts'
import { type CardinalityExceeded, registry } from './registry.ts'

/** A counter in a registry, and what is seen of it. */
function counter(spec: Omit<MetricSpec<string>, 'name'>) {
  const exceeded = recorder<CardinalityExceeded>()
  const metrics = registry({ onCardinalityExceeded: exceeded })
  const calls = metrics.counter<string>({ name: 'calls', ...spec })
  return {
    exceeded,
    calls,
    add: (labels: Readonly<Record<string, LabelValue>>, amount?: number) => calls.with(labels).add(amount),
    get series() {
      return (metrics.collect()[0]?.series ?? []) as readonly CounterSeries[]
    },
    get seen() {
      return this.series.map(({ values, value }) => [...values, value])
    },
    get sum() {
      return this.series.reduce((sum, { value }) => sum + value, 0)
    },
  }
}

describe('the limit of series', () => {
  it('lets a metric have as many series as it says, and counts the rest together', () => {
    const metric = counter({ labels: ['id'], maxSeries: 2 })
    for (const id of ['a', 'b']) metric.add({ id })
    assert.deepEqual(metric.exceeded.events, [])
    for (const id of ['c', 'd', 'a']) metric.add({ id })
    assert.deepEqual(metric.seen, [
      ['a', 2],
      ['b', 1],
      [over, 2],
    ])
    assert.deepEqual(metric.exceeded.events, [{ metric: 'calls', maxSeries: 2 }])
  })

  it('keeps the labels whose sums must stay true', () => {
    const metric = counter({ labels: ['path', 'method', 'code'], maxSeries: 1 })
    metric.add({ path: '/1', method: 'get', code: 'ok' })
    metric.add({ path: '/2', method: 'get', code: 'ok' })
    metric.add({ path: '/3', method: 'get', code: 'ok' })
    assert.deepEqual(metric.seen, [
      ['/1', 'get', 'ok', 1],
      [over, 'get', 'ok', 2],
    ])
  })

  it('gives up even those when strangers choose them too', () => {
    const metric = counter({ labels: ['path', 'method'], maxSeries: 2 })
    for (let i = 1; i <= 10; i++) metric.add({ path: `/${i}`, method: `m${i}` })
    assert.deepEqual(metric.seen, [
      ['/1', 'm1', 1],
      ['/2', 'm2', 1],
      [over, 'm3', 1],
      [over, 'm4', 1],
      [over, over, 6],
    ])
  })

  it('goes on counting where a series is there', () => {
    const metric = counter({ labels: ['id'], maxSeries: 1 })
    metric.add({ id: 'a' })
    metric.add({ id: 'b' })
    metric.add({ id: 'a' })
    assert.deepEqual(metric.seen, [
      ['a', 2],
      [over, 1],
    ])
  })

  it('has room again when a series is forgotten, and warns no second time', () => {
    const metric = counter({ labels: ['id'], maxSeries: 2 })
    for (const id of ['a', 'b', 'c']) metric.add({ id })
    metric.calls.delete({ id: 'a' })
    metric.calls.delete({ id: 'b' })
    for (const id of ['c', 'd']) metric.add({ id })
    assert.deepEqual(metric.seen, [
      [over, 2],
      ['c', 1],
    ])
    assert.equal(metric.exceeded.events.length, 1)
  })

  it('never has more than twice as many series and one, and the sum is always true', () => {
    const anyLabels = fc.record({ path: fc.nat(30), method: fc.nat(30), code: fc.constantFrom('ok', 'internal') })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.array(fc.tuple(anyLabels, fc.nat(9))), (maxSeries, adds) => {
        const metric = counter({ labels: ['path', 'method', 'code'], maxSeries })
        let sum = 0
        for (const [labels, amount] of adds) {
          metric.add(labels, amount)
          sum += amount
        }
        assert.ok(metric.series.length <= 2 * maxSeries + 1)
        assert.equal(metric.sum, sum)
      }),
    )
  })

  it('holds a million label values in bounded memory, counts them all, and warns once', () => {
    const metric = counter({ labels: ['id', 'method'] })
    const calls = 1_000_000
    for (let id = 0; id < calls; id++) metric.add({ id, method: id % 2 === 0 ? 'get' : 'put' })
    assert.equal(metric.series.length, 2_002)
    assert.equal(metric.sum, calls)
    for (const method of ['get', 'put']) {
      const ofMethod = metric.series.filter(({ values }) => values[1] === method)
      assert.equal(
        ofMethod.reduce((sum, { value }) => sum + value, 0),
        calls / 2,
      )
    }
    assert.deepEqual(metric.exceeded.events, [{ metric: 'calls', maxSeries: 2_000 }])
  })

  it('prints a warning where nobody listens', (t) => {
    const warn = t.mock.method(console, 'warn', () => {})
    const metric = registry().counter({ name: 'calls', labels: ['id'], maxSeries: 1 })
    for (let id = 0; id < 5; id++) metric.with({ id }).add()
    assert.equal(warn.mock.callCount(), 1)
    assert.match(String(warn.mock.calls[0]?.arguments[0]), /metric calls has more than 1 series/)
  })
})
