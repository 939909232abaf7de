// Proves the backend for Influx StatsD with statsd_exporter, which reads Telegraf's tags and counts what it cannot read.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { influxStatsd } from '../../src/metrics/influx-statsd/influx-statsd.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { complaints, page, seriesOf } from '../platform/exporter-page.ts'
import { outage } from '../platform/statsd-outage.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { ownServer } from '../servers/own-server.ts'
import { statsdExporter } from '../servers/statsd-exporter/statsd-exporter.ts'

const wires = ['udp', 'tcp'] as const

/** Names that no earlier run has used either, for a server may outlive the run. */
const own = `influx${process.pid}`

describe('the backend for Influx StatsD, with statsd_exporter', skipUnless('statsd-exporter'), () => {
  const url = () => addressOf('statsd-exporter')

  for (const wire of wires) {
    it(`brings counters, gauges, timers and histograms with their tags over ${wire}`, async () => {
      const prefix = `${own}.${wire}.`
      const is = (name: string, labels: Readonly<Record<string, string>>, value: number) =>
        eventually(async () => (await page(url())).get(seriesOf(`${own}_${wire}_${name}`, labels)) === value)
      await using metrics = influxStatsd({ url: addressOf('statsd-exporter', wire), prefix, tags: { env: 'prod' } })
      const calls = metrics.counter({ name: 'rpc.calls', labels: ['method', 'code'] })
      const level = metrics.gauge({ name: 'level', labels: ['of'] }).with({ of: '日本' })
      const took = metrics.histogram({ name: 'took', unit: 'seconds', labels: ['method'] }).with({ method: 'sum' })
      const size = metrics.summary({ name: 'size', unit: 'bytes' })
      calls.with({ method: 'sum', code: 'ok' }).add(2)
      level.set(5)
      await metrics.flush()
      await is('level', { env: 'prod', of: '日本' }, 5)
      calls.with({ method: 'sum', code: 'ok' }).add(4.5)
      level.set(-2)
      for (const seconds of [0.25, 1.5]) took.observe(seconds)
      size.observe(4_096)
      await metrics.flush()
      await is('level', { env: 'prod', of: '日本' }, -2)
      level.set(-3)
      await metrics.flush()
      await is('level', { env: 'prod', of: '日本' }, -3)
      await is('rpc_calls', { code: 'ok', env: 'prod', method: 'sum' }, 6.5)
      await is('took_sum', { env: 'prod', method: 'sum' }, 1.75)
      await is('took_count', { env: 'prod', method: 'sum' }, 2)
      await is('size_sum', { env: 'prod' }, 4_096)
      assert.equal(metrics.stats.dropped, 0)
      assert.deepEqual(await complaints(url()), [])
    })
  }

  it('keeps values of labels as they are, but for what it would take for something else', async () => {
    await using metrics = influxStatsd({ url: addressOf('statsd-exporter', 'tcp'), prefix: `${own}_` })
    const paths = [
      '/a b?c#e',
      'a@b',
      'Grüße 日本語 🚀',
      'a\\b',
      '"',
      'a,b',
      'c|d',
      'e\nf',
      'g=h',
      'i:j',
      '[k]',
      'l\\',
      '',
    ]
    const values = metrics.counter({ name: 'values', labels: ['path'] })
    for (const path of paths) values.with({ path }).add(2)
    await metrics.flush()
    for (const path of paths) {
      const seen = path.replaceAll(/[,|\n=:[\]]|\\$/g, '_')
      const series = seriesOf(`${own}_values`, path === '' ? {} : { path: seen })
      await eventually(async () => (await page(url())).get(series) === 2)
    }
    assert.deepEqual(await complaints(url()), [])
  })

  it('says the share of observations that it sends', async () => {
    let draws = 0
    const random = () => (draws++ % 4) / 4
    const to = { url: addressOf('statsd-exporter', 'tcp'), prefix: `${own}_` }
    await using metrics = influxStatsd({ ...to, sampleRatio: 0.25, random, tags: { a: 'b' } })
    const took = metrics.histogram({ name: 'sampled', unit: 'seconds' })
    for (let n = 0; n < 800; n++) took.observe(0.5)
    await metrics.flush()
    await eventually(async () => (await page(url())).get(seriesOf(`${own}_sampled_count`, { a: 'b' })) === 800)
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
        open: (options) => influxStatsd({ ...options, tags: labels }),
        counted: async (name) => (await page(url)).get(seriesOf(name.replaceAll('.', '_'), labels)) ?? 0,
      })
      assert.equal((await page(url)).get(seriesOf('outage_level', labels)), -7, 'which it had forgotten in the crash')
      assert.deepEqual(await complaints(url), [])
    })
  }
})
