// Tests of expose-in.ts: our metrics on the page of the real clients.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as official from '@prometheus-io/client'
import * as promClient from 'prom-client'
import { parsePage } from '../../../test/interop/prometheus/page.ts'
import { rootContext } from '../../core/context.ts'
import { traceContext } from '../../core/inbound.ts'
import { readTraceContext } from '../../core/metadata.ts'
import { registry } from '../registry.ts'
import { exposeIn } from './expose-in.ts'
import { prometheus } from './prometheus.ts'

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const traced = rootContext().with(traceContext, readTraceContext(new Map([['traceparent', traceparent]])))

for (const [name, client] of Object.entries({ 'prom-client': promClient, '@prometheus-io/client': official })) {
  describe(`exposeIn ${name}`, () => {
    function exposed(isOpenMetrics = false) {
      const register: promClient.Registry = new client.Registry() as never
      if (isOpenMetrics) register.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE as never)
      const metrics = prometheus()
      const exposing = exposeIn(register, metrics.registry)
      const names = async () => (await register.getMetricsAsJSON()).map((family) => family.name)
      return { register, metrics, exposing, names }
    }

    it('gives the values that our own page has', async () => {
      for (const isOpenMetrics of [false, true]) {
        const format = isOpenMetrics ? 'openmetrics' : 'text'
        const { register, metrics } = exposed(isOpenMetrics)
        metrics
          .counter({ name: 'rpc.calls', help: 'c\\', labels: ['rpc.method'] })
          .with({ 'rpc.method': '"\\\n' })
          .add(2)
        metrics.gauge({ name: 'load', help: 'g' }).set(0.5)
        metrics.histogram({ name: 'took', help: 'h', buckets: [0.25, 0.5] }).observe(0.3)
        metrics
          .summary({ name: 'wait', help: 's', quantiles: [0.25, 0.5], labels: ['m'] })
          .with({ m: 1 })
          .observe(0)
        const theirs = parsePage((await register.metrics()).replaceAll(/^\n/gm, ''), format)
        const ours = parsePage(metrics.text(format), format)
        assert.deepEqual(theirs, ours)
      }
    })

    it('shows metrics that are made later, and series that come and go', async () => {
      const { register, metrics, names } = exposed()
      const gauge = metrics.gauge({ name: 'later', labels: ['i'] })
      assert.deepEqual(await names(), ['later'])
      gauge.with({ i: 1 }).set(1)
      gauge.with({ i: 2 }).set(2)
      gauge.delete({ i: 1 })
      assert.equal((await register.getMetricsAsJSON())[0]?.values.length, 1)
    })

    it('calls readers once a page', async () => {
      const { register, metrics } = exposed()
      const gauges = [metrics.gauge({ name: 'a' }), metrics.gauge({ name: 'b' })]
      let reads = 0
      metrics.onCollect(() => {
        reads++
        for (const gauge of gauges) gauge.set(reads)
      })
      assert.match(await register.metrics(), /^a 1$.*^b 1$/ms)
      assert.match(await register.metrics(), /^a 2$.*^b 2$/ms)
    })

    it('refuses a metric whose name is taken there, where it is made', () => {
      const { register, metrics } = exposed()
      new client.Gauge({ name: 'taken_total', help: 't', registers: [register as never] })
      assert.throws(() => metrics.counter({ name: 'taken.total' }), {
        name: 'TypeError',
        message: 'metric taken.total cannot be shown as taken_total: the registry has one of that name',
      })
      assert.equal(metrics.text(), '')
    })

    it('takes back what it has put there when one metric cannot be shown', async () => {
      const register: promClient.Registry = new client.Registry() as never
      new client.Gauge({ name: 'b', help: 'theirs', registers: [register as never] })
      const kept = registry()
      for (const name of ['a', 'b']) kept.gauge({ name })
      assert.throws(() => exposeIn(register, kept), {
        name: 'TypeError',
        message: 'metric b cannot be shown as b: the registry has one of that name',
      })
      assert.deepEqual(
        (await register.getMetricsAsJSON()).map(({ help }) => help),
        ['theirs'],
      )
      kept.gauge({ name: 'c' })
      assert.equal(register.getSingleMetric('c'), undefined)
    })

    it('is over when it is disposed, also under names that the registry has changed', async () => {
      const { register, metrics, exposing, names } = exposed(true)
      metrics.counter({ name: 'rpc.calls' })
      await register.metrics()
      exposing[Symbol.dispose]()
      metrics.gauge({ name: 'later' })
      assert.deepEqual(await names(), [])
    })

    it('passes on exemplars', async () => {
      const { register, metrics } = exposed(true)
      metrics.counter({ name: 'rpc.calls' }).add(1, traced)
      metrics.histogram({ name: 'took', buckets: [1] }).observe(0.5, traced)
      const [calls, took] = parsePage(await register.metrics(), 'openmetrics')
      assert.equal(calls?.samples[0]?.exemplar?.labels['trace_id'], traced.get(traceContext)?.traceId)
      assert.equal(took?.samples[0]?.exemplar?.value, '0.5')
    })

    it('leaves our values alone when the registry is reset', async () => {
      const { register, metrics } = exposed()
      metrics.gauge({ name: 'load' }).set(2)
      register.resetMetrics()
      assert.match(await register.metrics(), /^load 2$/m)
    })
  })
}
