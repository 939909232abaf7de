// Proves the backend for DogStatsD with statsd_exporter, which reads its tags, its packed values and its containers, and counts what it cannot read.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dogstatsd } from '../../src/metrics/dogstatsd/dogstatsd.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { complaints, page, seriesOf } from '../platform/exporter-page.ts'
import { outage } from '../platform/statsd-outage.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { ownServer } from '../servers/own-server.ts'
import { statsdExporter } from '../servers/statsd-exporter/statsd-exporter.ts'

const wires = ['udp', 'tcp'] as const

/** Names that no earlier run has used either, for a server may outlive the run. */
const own = `dog${process.pid}`

/** It adds what has a sign to a gauge, as StatsD does and DogStatsD does not. */
const negativeGauges = 'from-zero'

describe('the backend for DogStatsD, with statsd_exporter', skipUnless('statsd-exporter'), () => {
  const url = () => addressOf('statsd-exporter')

  for (const wire of wires) {
    it(`brings counters, gauges and distributions with their tags over ${wire}`, async () => {
      const prefix = `${own}.${wire}.`
      const is = (name: string, labels: Readonly<Record<string, string>>, value: number) =>
        eventually(async () => (await page(url())).get(seriesOf(`${own}_${wire}_${name}`, labels)) === value)
      await using metrics = dogstatsd({
        url: addressOf('statsd-exporter', wire),
        prefix,
        negativeGauges,
        tags: { env: 'prod' },
      })
      const calls = metrics.counter({ name: 'rpc.calls', labels: ['method', 'code'] })
      const level = metrics.gauge({ name: 'level' })
      const took = metrics.histogram({ name: 'took', unit: 'seconds', labels: ['method'] }).with({ method: 'sum' })
      const size = metrics.summary({ name: 'size', unit: 'bytes' })
      calls.with({ method: 'sum', code: 'ok' }).add(2)
      level.set(5)
      await metrics.flush()
      await is('level', { env: 'prod' }, 5)
      calls.with({ method: 'sum', code: 'ok' }).add(4)
      level.set(-2)
      for (const seconds of [0.25, 1.5, -0.5]) took.observe(seconds)
      for (let n = 1; n <= 1_000; n++) size.observe(n)
      await metrics.flush()
      await is('level', { env: 'prod' }, -2)
      await is('rpc_calls', { code: 'ok', env: 'prod', method: 'sum' }, 6)
      await is('took_sum', { env: 'prod', method: 'sum' }, 1.25)
      await is('took_count', { env: 'prod', method: 'sum' }, 3)
      await is('size_sum', { env: 'prod' }, 500_500)
      await is('size_count', { env: 'prod' }, 1_000)
      assert.equal(metrics.stats.dropped, 0)
      assert.deepEqual(await complaints(url()), [])
    })
  }

  it('keeps values of labels as they are, but for what would end a tag', async () => {
    await using metrics = dogstatsd({ url: addressOf('statsd-exporter', 'tcp'), prefix: `${own}_` })
    const paths = ['/a b?c=d#e', 'http://x:1/', 'a@b', '[x]', 'Grüße 日本語 🚀', 'a\\b', '"', 'a,b', 'c|d', 'e\nf', '']
    const values = metrics.counter({ name: 'values', labels: ['path'] })
    for (const path of paths) values.with({ path }).add(2)
    await metrics.flush()
    for (const path of paths) {
      const series = seriesOf(`${own}_values`, path === '' ? {} : { path: path.replace(/[,|\n]/, '_') })
      await eventually(async () => (await page(url())).get(series) === 2)
    }
    assert.deepEqual(await complaints(url()), [])
  })

  it('says the share of observations that it sends, also where they are packed', async () => {
    for (const packed of [true, false]) {
      let draws = 0
      const random = () => (draws++ % 4) / 4
      const to = { url: addressOf('statsd-exporter', 'tcp'), prefix: `${own}_${packed}_` }
      await using metrics = dogstatsd({ ...to, sampleRatio: 0.25, random, packed, tags: { a: 'b' } })
      const took = metrics.histogram({ name: 'sampled', unit: 'seconds' })
      for (let n = 0; n < 800; n++) took.observe(0.5)
      await metrics.flush()
      const is = (name: string, value: number) =>
        eventually(async () => (await page(url())).get(seriesOf(`${own}_${packed}_${name}`, { a: 'b' })) === value)
      await is('sampled_count', 800)
      await is('sampled_sum', 400)
    }
    assert.deepEqual(await complaints(url()), [])
  })

  it('writes timings of each kind, and says in which container it runs', async () => {
    for (const timings of ['distribution', 'histogram', 'timing'] as const) {
      const to = { url: addressOf('statsd-exporter', 'udp'), prefix: `${own}_${timings}_` }
      // It takes a container for further values where a line has no tags.
      await using metrics = dogstatsd({ ...to, timings, containerId: 'ci-0123', tags: { env: 'prod' } })
      metrics.histogram({ name: 'took', unit: 'seconds' }).observe(1.5)
      metrics.histogram({ name: 'size', unit: 'bytes' }).observe(4_096)
      await metrics.flush()
      const is = (name: string, value: number) =>
        eventually(async () => {
          const labels = { container_id: 'ci-0123', env: 'prod' }
          return (await page(url())).get(seriesOf(`${own}_${timings}_${name}`, labels)) === value
        })
      await is('took_sum', 1.5)
      await is('size_sum', 4_096)
    }
    assert.deepEqual(await complaints(url()), [])
  })

  it('writes numbers of all sizes so that it can read them', async () => {
    await using metrics = dogstatsd({ url: addressOf('statsd-exporter', 'tcp'), prefix: `${own}_`, negativeGauges })
    const level = metrics.gauge({ name: 'sizes', labels: ['of'] })
    const values = [1e-300, 1e-7, 1 / 3, 2 ** 53, 1e21, -1e21, -1e-7]
    for (const [of, value] of values.entries()) level.with({ of }).set(value)
    await metrics.flush()
    await eventually(async () => {
      const known = await page(url())
      return values.every((value, of) => known.get(seriesOf(`${own}_sizes`, { of: `${of}` })) === value)
    })
    assert.deepEqual(await complaints(url()), [])
  })

  for (const wire of wires) {
    it(`goes on by itself over ${wire} when statsd_exporter crashes under load and comes back, in bounded memory`, async () => {
      await using server = await ownServer(statsdExporter)
      const url = server.addresses['url'] ?? ''
      const labels = { env: 'prod' }
      await outage({
        server,
        url: server.addresses[wire] ?? '',
        // Each value by itself: the load is counted in lines.
        open: (options) => dogstatsd({ ...options, packed: false, negativeGauges, tags: labels }),
        counted: async (name) => (await page(url)).get(seriesOf(name.replaceAll('.', '_'), labels)) ?? 0,
      })
      assert.equal((await page(url)).get(seriesOf('outage_level', labels)), -7, 'which it had forgotten in the crash')
      assert.deepEqual(await complaints(url), [])
    })
  }
})
