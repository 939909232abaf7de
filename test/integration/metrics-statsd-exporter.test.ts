// Proves the backend for StatsD with statsd_exporter, the strictest reader of its lines. Of Unix sockets that one has only those for datagrams, which Node has not.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { statsd } from '../../src/metrics/statsd/statsd.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { complaints, page } from '../platform/exporter-page.ts'
import { outage } from '../platform/statsd-outage.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { ownServer } from '../servers/own-server.ts'
import { statsdExporter } from '../servers/statsd-exporter/statsd-exporter.ts'

const wires = ['udp', 'tcp'] as const

/** Names that no earlier run has used either, for a server may outlive the run. */
const own = `backend${process.pid}`

describe('the backend for StatsD, with statsd_exporter', skipUnless('statsd-exporter'), () => {
  const url = () => addressOf('statsd-exporter')

  for (const wire of wires) {
    it(`brings counters, gauges and timers over ${wire}`, async () => {
      const prefix = `${own}.${wire}.`
      const is = (name: string, value: number) =>
        eventually(async () => (await page(url())).get(`${own}_${wire}_${name}`) === value)
      await using metrics = statsd({ url: addressOf('statsd-exporter', wire), prefix })
      const calls = metrics.counter({ name: 'rpc.calls', labels: ['method', 'code'] })
      const level = metrics.gauge({ name: 'level' })
      const took = metrics.histogram({ name: 'took', unit: 'seconds' })
      calls.with({ method: 'sum', code: 'ok' }).add(2)
      calls.with({ method: 'a:b|c@d#e\nf g/h.i,j=k[l]', code: 'é' }).add(0.5)
      level.set(5)
      await metrics.flush()
      await is('level', 5)
      calls.with({ method: 'sum', code: 'ok' }).add(4)
      level.set(-2)
      for (const seconds of [0.25, 1.5, -0.5]) took.observe(seconds)
      await metrics.flush()
      await is('level', -2)
      level.set(-3)
      await metrics.flush()
      await is('level', -3)
      await is('rpc_calls_sum_ok', 6)
      await is('rpc_calls_a_b_c_d_e_f_g_h_i_j_k_l___', 0.5)
      await is('took_sum', 1.25)
      await is('took_count', 3)
      assert.equal(metrics.stats.dropped, 0)
      assert.deepEqual(await complaints(url()), [])
    })
  }

  it('says the share of observations that it sends, so that their number is right', async () => {
    let draws = 0
    const random = () => (draws++ % 4) / 4
    await using metrics = statsd({
      url: addressOf('statsd-exporter', 'tcp'),
      prefix: `${own}_`,
      sampleRatio: 0.25,
      random,
    })
    const took = metrics.histogram({ name: 'sampled', unit: 'seconds' })
    const hits = metrics.counter({ name: 'sampled_hits' })
    for (let n = 0; n < 800; n++) {
      took.observe(0.5)
      hits.add()
    }
    await metrics.flush()
    await eventually(async () => (await page(url())).get(`${own}_sampled_count`) === 800)
    await eventually(async () => (await page(url())).get(`${own}_sampled_hits`) === 800)
    assert.deepEqual(await complaints(url()), [])
  })

  it('writes numbers of all sizes so that it can read them', async () => {
    await using metrics = statsd({ url: addressOf('statsd-exporter', 'tcp'), prefix: `${own}_` })
    const level = metrics.gauge({ name: 'sizes', labels: ['of'] })
    const values = [1e-300, 1e-7, 1 / 3, 2 ** 53, 1e21, -1e21, -1e-7]
    for (const [of, value] of values.entries()) level.with({ of }).set(value)
    await metrics.flush()
    await eventually(async () => {
      const known = await page(url())
      return values.every((value, of) => known.get(`${own}_sizes_${of}`) === value)
    })
    assert.deepEqual(await complaints(url()), [])
  })

  for (const wire of wires) {
    it(`goes on by itself over ${wire} when statsd_exporter crashes under load and comes back, in bounded memory`, async () => {
      await using server = await ownServer(statsdExporter)
      const url = server.addresses['url'] ?? ''
      await outage({
        server,
        url: server.addresses[wire] ?? '',
        counted: async (name) => (await page(url)).get(name.replaceAll('.', '_')) ?? 0,
      })
      assert.equal((await page(url)).get('outage_level'), -7, 'which it had forgotten in the crash')
      assert.deepEqual(await complaints(url), [])
    })
  }
})
