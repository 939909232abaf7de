// Tests of statsd.ts: over real sockets.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { datagramReceiver, streamReceiver, unusedPort } from '../../../test/platform/receivers.ts'
import { eventually } from '../../testing/eventually.ts'
import { recorder } from '../../testing/recorder.ts'
import { type StatsdFailure, statsd } from './statsd.ts'

describe('statsd', () => {
  it('sends over UDP, packed, without a line feed at the end', async () => {
    await using receiver = await datagramReceiver()
    {
      await using metrics = statsd({ url: receiver.address, prefix: 'shop.' })
      metrics.counter({ name: 'hits' }).add(6)
      metrics
        .gauge({ name: 'level', labels: ['of'] })
        .with({ of: 'a/b' })
        .set(-2)
      metrics.histogram({ name: 'took', unit: 'seconds' }).observe(0.0123)
      await metrics.flush()
    }
    await eventually(() => receiver.heard.length === 1)
    assert.equal(receiver.text, 'shop.took:12.3|ms\nshop.hits:6|c\nshop.level.a_b:0|g\nshop.level.a_b:-2|g')
  })

  it('sends over TCP and Unix streams, each line with its line feed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'servicekit-statsd-'))
    try {
      for (const where of [0, join(folder, 'statsd.sock')]) {
        await using receiver = await streamReceiver(where)
        {
          await using metrics = statsd({ url: receiver.address })
          metrics.counter({ name: 'hits' }).add(6)
          metrics.summary({ name: 'size' }).observe(5)
        }
        await eventually(() => receiver.text === 'size:5|ms\nhits:6|c\n')
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('keeps to the size of packets', async () => {
    await using receiver = await datagramReceiver()
    await using metrics = statsd({ url: receiver.address, maxPacketBytes: 200 })
    for (let n = 0; n < 100; n++) metrics.histogram({ name: 'took' }).observe(n)
    await metrics.flush()
    await eventually(() => receiver.text.endsWith('took:99|ms'))
    assert.ok(receiver.heard.length > 1 && receiver.heard.every(({ length }) => length <= 200))
  })

  it('tells who cannot be reached', async () => {
    const onError = recorder<StatsdFailure>()
    const url = `tcp://127.0.0.1:${await unusedPort()}`
    await using metrics = statsd({ url, onError })
    await eventually(() => metrics.stats.state === 'down')
    assert.deepEqual(onError.events, [{ url, error: metrics.stats.lastError }])
  })

  it('refuses options that make no sense', () => {
    assert.throws(() => statsd({ url: 'localhost' }), { name: 'TypeError', message: /^url must be/ })
    assert.throws(() => statsd({ sampleRatio: 2 }), { name: 'RangeError', message: /^sampleRatio must be/ })
    assert.throws(() => statsd({ intervalMs: 1 }), { name: 'RangeError', message: /^intervalMs must be/ })
  })
})
