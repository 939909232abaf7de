// Tests of client-metrics.ts: metrics recorded by the real clients.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as official from '@prometheus-io/client'
import * as promClient from 'prom-client'
import { parsePage } from '../../../test/interop/prometheus/page.ts'
import { type ClientMetricsOptions, clientMetrics } from './client-metrics.ts'
import type { ClientModule } from './client-register.ts'

for (const [name, client] of Object.entries({ 'prom-client': promClient, '@prometheus-io/client': official })) {
  describe(`clientMetrics of ${name}`, () => {
    function recorded(options?: ClientMetricsOptions) {
      const register: promClient.Registry = new client.Registry() as never
      const again = () => clientMetrics(client as ClientModule, { register, ...options })
      const page = async () => (await register.metrics()).replaceAll(/^\n/gm, '')
      const samples = async () =>
        parsePage(await page(), 'text').flatMap((family) =>
          family.samples.map(({ name, labels, value }) => [name, { ...labels }, value]),
        )
      return { register, metrics: again(), again, page, samples }
    }

    it('records each kind of metric, by the names that our own page has', async () => {
      const { metrics, page, samples } = recorded()
      const calls = metrics.counter({ name: 'rpc.calls', help: 'Calls.', labels: ['rpc.method', 'code'] })
      calls.with({ code: 'ok', 'rpc.method': 'sum' }).add()
      calls.with({ code: 'ok', 'rpc.method': 'sum' }).add(2)
      const gauge = metrics.gauge({ name: 'in_flight' })
      gauge.set(4)
      gauge.add(-1)
      metrics.histogram({ name: 'took', unit: 'seconds', buckets: [0.5, Infinity] }).observe(0.25)
      metrics
        .summary({ name: 'wait', labels: ['m'], quantiles: [0.5] })
        .with({ m: 1 })
        .observe(3)
      assert.match(await page(), /^# HELP rpc_calls_total Calls\.\n# TYPE rpc_calls_total counter$/m)
      assert.deepEqual(await samples(), [
        ['rpc_calls_total', { rpc_method: 'sum', code: 'ok' }, '3'],
        ['in_flight', {}, '3'],
        ['took_bucket', { le: '0.5' }, '1'],
        ['took_bucket', { le: '+Inf' }, '1'],
        ['took_sum', {}, '0.25'],
        ['took_count', {}, '1'],
        ['wait', { quantile: '0.5', m: '1' }, '3'],
        ['wait_sum', { m: '1' }, '3'],
        ['wait_count', { m: '1' }, '1'],
      ])
    })

    it('gives the same metric again, and refuses one that differs', () => {
      const { metrics } = recorded()
      const spec = { name: 'took', buckets: [1, 2] }
      assert.equal(metrics.histogram(spec), metrics.histogram({ ...spec, help: 'Again.' }))
      for (const other of [
        { ...spec, buckets: [1] },
        { ...spec, labels: ['a'] },
        { ...spec, unit: 'seconds' },
      ])
        assert.throws(() => metrics.histogram(other), { name: 'TypeError', message: /^metric took is there already/ })
      assert.throws(() => metrics.gauge({ name: 'took' }), { name: 'TypeError', message: /^metric took is there/ })
      assert.throws(() => metrics.gauge({ name: 'took_sum' }), { name: 'TypeError', message: /cannot be told/ })
    })

    it('uses a metric that is registered already', async () => {
      const { register, metrics, samples } = recorded()
      const theirs = new client.Counter({
        name: 'rpc_calls_total',
        help: 'c',
        labelNames: ['code', 'method'],
        registers: [register as never],
      })
      theirs.inc({ code: 'ok', method: 'sum' }, 5)
      metrics
        .counter({ name: 'rpc.calls', labels: ['method', 'code'] })
        .with({ method: 'sum', code: 'ok' })
        .add(2)
      assert.deepEqual(await samples(), [['rpc_calls_total', { code: 'ok', method: 'sum' }, '7']])
    })

    it('refuses a name that is registered for something else', () => {
      const { register, metrics } = recorded()
      new client.Gauge({ name: 'up', help: 'u', labelNames: ['a'], registers: [register as never] })
      const refusal = /^metric up is registered as a gauge with labels \[a\]: it cannot be a .* too$/
      assert.throws(() => metrics.counter({ name: 'up', labels: ['a'] }), { name: 'TypeError', message: refusal })
      assert.throws(() => metrics.gauge({ name: 'up' }), { name: 'TypeError', message: refusal })
    })

    it('calls readers once a page, before any metric is read', async () => {
      const { register, metrics, again, samples } = recorded()
      const collected: string[] = []
      const theirs = new client.Gauge({
        name: 'theirs',
        help: 't',
        registers: [register as never],
        collect() {
          collected.push((this as { name?: string }).name ?? '')
        },
      })
      theirs.set(0)
      const gauges = ['theirs', 'a', 'b'].map((name) => metrics.gauge({ name }))
      let reads = 0
      const reading = metrics.onCollect(() => {
        reads++
        for (const gauge of gauges) gauge.set(reads)
      })
      const values = async () => (await samples()).map(([, , value]) => value)
      assert.deepEqual(await values(), ['1', '1', '1'])
      assert.deepEqual(await values(), ['2', '2', '2'])
      assert.deepEqual(collected, ['theirs', 'theirs'])

      // Another one over the same metrics, as after a reload.
      const second = again()
      second.onCollect(() => gauges[2]?.set(-1))
      second.gauge({ name: 'b' })
      reading[Symbol.dispose]()
      assert.deepEqual(await values(), ['2', '2', '-1'])
    })

    it('changes a metric of somebody else once, and calls the readers of all', async () => {
      const { register, metrics, again, samples } = recorded()
      const theirs = new client.Gauge({ name: 'theirs', help: 't', registers: [register as never] })
      metrics.gauge({ name: 'theirs' })
      const changed = () => (theirs as { readonly collect?: unknown }).collect
      const collect = changed()
      let reads = 0
      for (let round = 0; round < 3; round++) {
        const more = again()
        more.gauge({ name: 'theirs' })
        more.onCollect(() => void reads++)
      }
      assert.equal(changed(), collect)
      await samples()
      assert.equal(reads, 3)
    })

    it('has no more series than the limit, and sums stay true', async () => {
      const events: unknown[] = []
      const { metrics, samples } = recorded({ onCardinalityExceeded: (event) => events.push(event) })
      const calls = metrics.counter({ name: 'calls', labels: ['id', 'code'], maxSeries: 2 })
      for (let id = 0; id < 10; id++) calls.with({ id, code: 'ok' }).add()
      assert.deepEqual(await samples(), [
        ['calls', { id: '0', code: 'ok' }, '1'],
        ['calls', { id: '1', code: 'ok' }, '1'],
        ['calls', { id: '__overflow__', code: 'ok' }, '8'],
      ])
      assert.deepEqual(events, [{ metric: 'calls', maxSeries: 2 }])
    })

    it('forgets a series, which nobody who holds it can bring back', async () => {
      const { metrics, samples } = recorded()
      const calls = metrics.counter({ name: 'calls', labels: ['a.b', 'c'] })
      const held = calls.with({ 'a.b': 1, c: 1 })
      held.add()
      calls.with({ 'a.b': 2, c: 2 }).add()
      assert.equal(calls.delete({ 'a.b': 1, c: 1 }), true)
      assert.equal(calls.delete({ 'a.b': 1, c: 1 }), false)
      held.add()
      assert.deepEqual(await samples(), [['calls', { a_b: '2', c: '2' }, '1']])
      calls.with({ 'a.b': 1, c: 1 }).add(3)
      assert.equal((await samples()).length, 2)
    })

    it('throws nothing at who measures', () => {
      const { metrics } = recorded()
      for (const value of [Number.NaN, Infinity, -Infinity, -1]) {
        metrics.counter({ name: 'c' }).add(value)
        metrics.gauge({ name: 'g' }).set(value)
        metrics.gauge({ name: 'g' }).add(value)
        metrics.histogram({ name: 'h' }).observe(value)
        metrics.summary({ name: 's' }).observe(value)
      }
    })
  })
}

describe('clientMetrics', () => {
  it('records in the global registry of the client unless told otherwise', () => {
    clientMetrics(promClient).gauge({ name: 'in_global' })
    assert.ok(promClient.register.getSingleMetric('in_global'))
    promClient.register.removeSingleMetric('in_global')
  })

  it('refuses what is no client', () => {
    for (const client of [promClient.register, {}, undefined])
      assert.throws(() => clientMetrics(client as never), { name: 'TypeError', message: /^client must be/ })
  })
})
