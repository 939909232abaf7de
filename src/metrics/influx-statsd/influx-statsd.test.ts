// Tests of influx-statsd.ts: over real sockets.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { datagramReceiver } from '../../../test/platform/receivers.ts'
import { eventually } from '../../testing/eventually.ts'
import { influxStatsd } from './influx-statsd.ts'

describe('influxStatsd', () => {
  it('sends lines with tags behind their names', async () => {
    await using receiver = await datagramReceiver()
    await using metrics = influxStatsd({ url: receiver.address, prefix: 'shop.', tags: { env: 'prod' } })
    metrics
      .histogram({ name: 'took', unit: 'seconds', labels: ['of'] })
      .with({ of: 'a b' })
      .observe(0.25)
    metrics.counter({ name: 'hits' }).add(6)
    metrics.gauge({ name: 'level' }).set(-2)
    await metrics.flush()
    await eventually(() => receiver.heard.length === 1)
    const level = 'shop.level,env=prod:0|g\nshop.level,env=prod:-2|g'
    assert.equal(receiver.text, `shop.took,env=prod,of=a b:250|ms\nshop.hits,env=prod:6|c\n${level}`)
  })

  it('sets gauges below zero in one packet, also where tags are not ASCII', async () => {
    await using receiver = await datagramReceiver()
    await using metrics = influxStatsd({ url: receiver.address, maxPacketBytes: 128 })
    const level = metrics.gauge({ name: 'level', labels: ['of'] })
    for (let of = 1; of < 100; of++) level.with({ of: `${'語'.repeat(of % 10)}${of}` }).set(-of)
    await metrics.flush()
    const known = () => [...receiver.text.matchAll(/:-\d+\|g/g)].length
    await eventually(() => known() === 99)
    for (const packet of receiver.heard) {
      assert.ok(packet.length <= 128)
      for (const [, name = ''] of packet.toString().matchAll(/^(.*):-/gm))
        assert.ok(packet.toString().includes(`${name}:0|g\n${name}:-`))
    }
    assert.deepEqual([metrics.stats.sent, metrics.stats.dropped], [99, 0])
  })

  it('refuses options that make no sense', () => {
    assert.throws(() => influxStatsd({ tags: { 'a=b': 1 } }), { name: 'TypeError', message: /^tags: a key must be/ })
    assert.throws(() => influxStatsd({ url: 'localhost' }), { name: 'TypeError', message: /^url must be/ })
  })
})
