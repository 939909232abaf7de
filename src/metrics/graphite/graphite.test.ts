// Tests of graphite.ts: over real sockets on this machine.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { datagramReceiver, streamReceiver } from '../../../test/platform/receivers.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { registry } from '../registry.ts'
import { graphite } from './graphite.ts'

describe('graphite', { timeout: 10_000 }, () => {
  it('sends lines over TCP, the last ones when it is closed', async () => {
    await using receiver = await streamReceiver()
    const clock = manualClock({ wallStartAt: 5_000 })
    const metrics = graphite({ url: receiver.address, clock, tags: { host: 'h1' } })
    const calls = metrics.counter({ name: 'calls', labels: ['of'] })
    calls.with({ of: 'a b' }).add(2)
    await metrics.flush()
    await eventually(() => receiver.text === 'calls;of=a_b;host=h1 2 5\n')
    calls.with({ of: 'a b' }).add()
    await metrics[Symbol.asyncDispose]()
    await eventually(() => receiver.text.endsWith('\ncalls;of=a_b;host=h1 3 5\n'))
    assert.deepEqual([metrics.stats.state, metrics.stats.dropped, clock.pending], ['closed', 0, 0])
    calls.with({ of: 'later' }).add()
    await metrics.flush()
    await eventually(() => receiver.open.size === 0)
    assert.ok(!receiver.text.includes('later'))
  })

  it('sends lines over UDP, in packets of whole lines', async () => {
    await using receiver = await datagramReceiver()
    const clock = manualClock({ wallStartAt: 5_000 })
    await using metrics = graphite({ url: receiver.address, clock, labels: 'path', maxPacketBytes: 128 })
    const level = metrics.gauge({ name: 'level', labels: ['of'] })
    for (let of = 0; of < 20; of++) level.with({ of }).set(of)
    await metrics.flush()
    await eventually(() => receiver.heard.length >= 3)
    for (const packet of receiver.heard) {
      assert.ok(packet.byteLength <= 128)
      assert.match(packet.toString(), /^(level\.\d+ \d+ 5(\n|$))+$/)
    }
  })

  it('sends at intervals what a registry has that is handed in', async () => {
    await using receiver = await streamReceiver()
    const clock = manualClock({ wallStartAt: 5_000 })
    const kept = registry()
    kept.counter({ name: 'elsewhere' }).add(7)
    await using _metrics = graphite({ url: receiver.address, clock, registry: kept, intervalMs: 1_000 })
    await clock.advance(1_000)
    await clock.advance(100)
    await eventually(() => receiver.text === 'elsewhere 7 6\n')
  })

  it('opens nothing when an option makes no sense', () => {
    assert.throws(() => graphite({ intervalMs: 1 }), RangeError)
    assert.throws(() => graphite({ jitterRatio: 2 }), RangeError)
    assert.throws(() => graphite({ url: 'nowhere' }), TypeError)
  })
})
