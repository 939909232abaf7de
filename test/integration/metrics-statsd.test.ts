// Proves the backend for StatsD with statsd itself: over each of its wires it knows what was measured, and reads every line.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { statsd } from '../../src/metrics/statsd/statsd.ts'
import { eventually } from '../../src/testing/eventually.ts'
import { outage } from '../platform/statsd-outage.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'
import { ownServer } from '../servers/own-server.ts'
import { manage, timers, totals } from '../servers/statsd/management.ts'
import { statsd as statsdServer } from '../servers/statsd/statsd.ts'

const wires = ['udp', 'tcp', 'unix'] as const

/** As `addressOf` and `ownServer` have it, as the backend takes it. */
function urlOf(wire: (typeof wires)[number], address: (key: string) => string | undefined): string {
  if (wire === 'unix') return `unix://${address('unix')}`
  return address(wire === 'udp' ? 'url' : 'tcp') ?? ''
}

/** Names that no earlier run has used either, for a server may outlive the run. */
const own = `backend${process.pid}`

const management = () => addressOf('statsd', 'management')
const counters = () => totals(management(), 'counters')
const gauges = () => totals(management(), 'gauges')

async function badLines(): Promise<number> {
  const stats = await manage(management(), 'stats')
  return Number(/^messages\.bad_lines_seen: (\d+)$/m.exec(stats)?.[1])
}

describe('the backend for StatsD, with statsd', skipUnless('statsd'), () => {
  for (const wire of wires) {
    it(`brings counters, gauges and timers over ${wire}`, async () => {
      const prefix = `${own}.${wire}.`
      await using metrics = statsd({ url: urlOf(wire, (key) => addressOf('statsd', key)), prefix })
      const calls = metrics.counter({ name: 'rpc.calls', labels: ['method', 'code'] })
      const level = metrics.gauge({ name: 'level' })
      const took = metrics.histogram({ name: 'took', unit: 'seconds' })
      const size = metrics.summary({ name: 'size', unit: 'bytes', labels: ['of'] })
      calls.with({ method: 'sum', code: 'ok' }).add(2)
      calls.with({ method: 'a:b|c@d#e\nf g/h.i', code: '' }).add(0.5)
      level.set(5)
      await metrics.flush()
      await eventually(async () => (await gauges())[`${prefix}level`] === 5)
      calls.with({ method: 'sum', code: 'ok' }).add(4)
      level.add(-7)
      for (const seconds of [0.0123, 1.005, 2e-6]) took.observe(seconds)
      size.with({ of: 'reply' }).observe(512)
      await metrics.flush()
      await eventually(async () => (await gauges())[`${prefix}level`] === -2)
      level.set(-3)
      await metrics.flush()
      await eventually(async () => (await gauges())[`${prefix}level`] === -3)

      const counted = await counters()
      assert.equal(counted[`${prefix}rpc.calls.sum.ok`], 6)
      assert.equal(counted[`${prefix}rpc.calls.a_b_c_d_e_f_g_h_i._`], 0.5)
      const timed = await timers(management())
      assert.deepEqual(
        [...(timed[`${prefix}took`] ?? [])].sort((a, b) => a - b),
        [0.002, 12.3, 1_005],
      )
      assert.equal(timed[`${prefix}size.reply`]?.[0], 512)
      assert.equal(metrics.stats.dropped, 0)
      assert.equal(await badLines(), 0)
    })
  }

  it('sets gauges below zero in whatever packets they come', async () => {
    await using metrics = statsd({ url: addressOf('statsd'), prefix: `${own}.many.`, maxPacketBytes: 128 })
    const level = metrics.gauge({ name: 'level', labels: ['of'] })
    const all = Array.from({ length: 100 }, (_, of) => of)
    for (const value of [10, -20, -30, 0.5, -1e-9]) {
      for (const of of all) level.with({ of }).set(value * (of + 1))
      await metrics.flush()
      await eventually(async () => {
        const known = await gauges()
        return all.every((of) => known[`${own}.many.level.${of}`] === value * (of + 1))
      })
    }
    assert.equal(await badLines(), 0)
  })

  it('says the share of observations that it sends', async () => {
    let draws = 0
    const random = () => (draws++ % 4) / 4
    await using metrics = statsd({ url: addressOf('statsd', 'tcp'), prefix: `${own}.`, sampleRatio: 0.25, random })
    const took = metrics.histogram({ name: 'sampled', unit: 'milliseconds' })
    for (let n = 0; n < 80; n++) took.observe(1)
    await metrics.flush()
    await eventually(async () => (await timers(management()))[`${own}.sampled`]?.length === 20)
    assert.equal(await badLines(), 0)
  })

  it('brings at its end what was not sent yet', async () => {
    for (const wire of wires) {
      {
        await using metrics = statsd({
          url: urlOf(wire, (key) => addressOf('statsd', key)),
          prefix: `${own}.end.${wire}.`,
        })
        metrics.counter({ name: 'hits' }).add(6)
      }
      await eventually(async () => (await counters())[`${own}.end.${wire}.hits`] === 6)
    }
  })

  for (const wire of wires) {
    it(`goes on by itself over ${wire} when statsd crashes under load and comes back, in bounded memory`, async () => {
      await using server = await ownServer(statsdServer)
      await outage({
        server,
        url: urlOf(wire, (key) => server.addresses[key]),
        counted: async (name) => (await totals(server.addresses['management'] ?? '', 'counters'))[name] ?? 0,
      })
      const known = await totals(server.addresses['management'] ?? '', 'gauges')
      assert.equal(known['outage.level'], -7, 'which it had forgotten in the crash')
    })
  }
})
