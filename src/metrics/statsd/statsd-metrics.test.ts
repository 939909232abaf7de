// Tests of statsd-metrics.ts: with a channel that is told what to take, on a clock that stands still.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ScriptedChannel } from '../../../test/platform/scripted-channel.ts'
import { StatsdTotals } from '../../../test/platform/statsd-totals.ts'
import type { SocketFailure } from '../../platform/socket-options.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import { statsdFormat } from './statsd-format.ts'
import { StatsdMetrics } from './statsd-metrics.ts'
import type { StatsdFailure, StatsdOptions } from './statsd-options.ts'

function scene(options: StatsdOptions & { readonly datagrams?: boolean } = {}) {
  const { datagrams = true, ...rest } = options
  const clock = manualClock()
  const channel = new ScriptedChannel(datagrams)
  let fail: (failure: SocketFailure) => void = () => {}
  const metrics = new StatsdMetrics({ clock, random: () => 0.5, ...rest }, statsdFormat(''), (onError) => {
    fail = onError
    return channel
  })
  let read = 0
  const packets = () => channel.texts.slice(read)
  /** What was sent since the last time; the system has taken it. */
  const lines = () => {
    const sent = packets().flatMap((packet) => packet.split('\n'))
    read = channel.texts.length
    channel.answer()
    return sent.filter((line) => line !== '')
  }
  /** Lets an interval pass, and the time for which lines wait. */
  const interval = async () => {
    await clock.advance(10_100)
    return lines()
  }
  /** Nobody takes anything until `recover`. */
  const goDown = () => {
    channel.state = 'down'
    channel.room = 0
  }
  const recover = () => {
    channel.state = 'open'
    channel.open()
  }
  return {
    clock,
    channel,
    metrics,
    fail: (failure: SocketFailure) => fail(failure),
    lines,
    packets,
    interval,
    goDown,
    recover,
  }
}

const counts = (lines: readonly string[], name: string): number => {
  const totals = new StatsdTotals()
  totals.take(lines.join('\n'))
  return totals.counters.get(name) ?? 0
}

describe('names of StatsD', () => {
  it('are those of one metric each', () => {
    const { metrics } = scene()
    metrics.counter({ name: 'a:b' })
    assert.throws(() => metrics.gauge({ name: 'a_b' }), /^TypeError: metric a_b would be a_b to StatsD, as a:b is$/)
  })
})

describe('metrics as lines', () => {
  it('say at each interval what has changed', async () => {
    const { clock, metrics, lines, interval } = scene()
    const hits = metrics.counter({ name: 'hits' })
    const level = metrics.gauge({ name: 'level' })
    hits.add(2)
    hits.add(4)
    level.set(7)
    await clock.advance(9_999)
    assert.deepEqual(lines(), [])
    await clock.advance(101)
    assert.deepEqual(lines(), ['hits:6|c', 'level:7|g'])
    assert.deepEqual(await interval(), [])
    hits.add()
    level.add(-1)
    assert.deepEqual(await interval(), ['hits:1|c', 'level:6|g'])
  })

  it('say what was observed within 100 ms, line by line', async () => {
    const { clock, metrics, lines } = scene()
    const took = metrics.histogram({ name: 'took', unit: 'seconds' })
    const size = metrics.summary({ name: 'size', unit: 'bytes' })
    took.observe(0.25)
    size.observe(512)
    took.observe(0.5)
    await clock.advance(100)
    assert.deepEqual(lines(), ['took:250|ms', 'size:512|ms', 'took:500|ms'])
  })

  it('have the values of labels in their names', async () => {
    const { metrics, interval } = scene()
    const calls = metrics.counter({ name: 'rpc.calls', labels: ['method', 'code'] })
    calls.with({ code: 'ok', method: 'sum' }).add()
    calls.with({ code: 'not found', method: 'sum' }).add(2)
    assert.deepEqual(await interval(), ['rpc.calls.sum.ok:1|c', 'rpc.calls.sum.not_found:2|c'])
  })

  it('say the share of observations that they are, and are all of the counters', async () => {
    let draw = 0
    const { metrics, interval } = scene({ sampleRatio: 0.25, random: () => (draw++ % 10) / 10 })
    const took = metrics.histogram({ name: 'took' })
    const hits = metrics.counter({ name: 'hits' })
    for (let n = 0; n < 100; n++) {
      took.observe(1)
      hits.add()
    }
    const lines = await interval()
    assert.equal(lines.filter((line) => line === 'took:1|ms|@0.25').length, 30)
    assert.ok(lines.includes('hits:100|c'))
    assert.equal(lines.length, 31)
  })

  it('are read before they are sent', async () => {
    const { metrics, interval } = scene()
    const level = metrics.gauge({ name: 'level' })
    let reads = 0
    const reader = metrics.onCollect(() => level.set(++reads))
    assert.deepEqual(await interval(), ['level:1|g'])
    assert.deepEqual(await interval(), ['level:2|g'])
    reader[Symbol.dispose]()
    assert.deepEqual(await interval(), [])
  })

  it('are sent now when they are flushed', async () => {
    const { metrics, channel, lines } = scene()
    metrics.counter({ name: 'hits' }).add()
    let isFlushed = false
    const flushed = metrics.flush().then(() => {
      isFlushed = true
    })
    await manualClock().settle()
    assert.deepEqual([isFlushed, channel.texts], [false, ['hits:1|c']])
    lines()
    await flushed
    assert.deepEqual(metrics.stats, { sent: 1, dropped: 0, pendingBytes: 0, state: 'open', lastError: undefined })
  })

  it('set a gauge below zero by way of zero, in the same packet however full it is', async () => {
    const { metrics, packets, clock } = scene({ maxPacketBytes: 128 })
    const level = metrics.gauge({ name: 'level', labels: ['of'] })
    for (let of = 1; of < 50; of++) level.with({ of }).set(-of)
    await clock.advance(10_100)
    const totals = new StatsdTotals()
    for (const packet of packets()) {
      assert.ok(packet.length <= 128)
      for (const [, name] of packet.matchAll(/^(.*):-/gm)) assert.ok(packet.includes(`${name}:0|g\n${name}:-`))
      totals.take(packet)
    }
    for (let of = 1; of < 50; of++) assert.equal(totals.gauges.get(`level.${of}`), -of)
  })

  it('of a forgotten series say what was counted, and then nothing', async () => {
    const { metrics, interval } = scene()
    const labels = ['x'] as const
    const hits = metrics.counter({ name: 'hits', labels })
    const level = metrics.gauge({ name: 'level', labels })
    const took = metrics.summary({ name: 'took', labels })
    const held = [hits.with({ x: 1 }), level.with({ x: 1 }), took.with({ x: 1 })] as const
    held[0].add(3)
    for (const metric of [hits, level, took]) metric.delete({ x: 1 })
    held[0].add(4)
    held[1].set(4)
    held[2].observe(4)
    assert.deepEqual(await interval(), ['hits.1:3|c'])
  })

  it('are refused with an interval that is none, before anything is opened', () => {
    const open = () => assert.fail('was opened')
    for (const options of [{ intervalMs: 0 }, { jitterRatio: 2 }]) {
      const clock = manualClock()
      assert.throws(() => new StatsdMetrics({ clock, ...options }, statsdFormat(''), open), RangeError)
      assert.equal(clock.pending, 0)
    }
  })
})

describe('metrics as lines to a receiver that is down', () => {
  for (const datagrams of [true, false]) {
    it(`go on summing, and lose nothing of it${datagrams ? ', with datagrams too' : ''}`, async () => {
      const { metrics, interval, goDown, recover } = scene({ datagrams })
      const hits = metrics.counter({ name: 'hits' })
      const level = metrics.gauge({ name: 'level' })
      goDown()
      for (let n = 0; n < 100; n++) {
        hits.add(n)
        level.set(n)
        assert.deepEqual(await interval(), [])
      }
      recover()
      const lines = await interval()
      assert.deepEqual([counts(lines, 'hits'), lines.at(-1)], [4_950, 'level:99|g'])
      assert.equal(metrics.stats.dropped, 0)
    })
  }

  it('ask over datagrams, which cannot tell by themselves, with a line that says nothing', async () => {
    const { metrics, channel, interval } = scene()
    metrics.counter({ name: 'hits' }).add()
    channel.state = 'down'
    assert.deepEqual(await interval(), ['statsd.dropped_lines:0|c'])
    assert.deepEqual(await interval(), ['statsd.dropped_lines:0|c'])
    channel.state = 'open'
    assert.deepEqual(await interval(), ['hits:1|c'])
  })

  it('go on summing also while it takes nothing', async () => {
    const { metrics, channel, interval } = scene()
    const hits = metrics.counter({ name: 'hits' })
    channel.room = 0
    for (let n = 0; n < 10; n++) {
      hits.add()
      assert.deepEqual(await interval(), [])
    }
    assert.equal(metrics.stats.pendingBytes, 'hits:1|c'.length)
    channel.open()
    assert.deepEqual(await interval(), ['hits:1|c', 'hits:9|c'])
  })

  it('take no more memory than they may, and drop what was observed first', async () => {
    const { metrics, interval, goDown, recover } = scene({ maxPendingBytes: 10_000 })
    const took = metrics.histogram({ name: 'took' })
    goDown()
    for (let n = 0; n < 100_000; n++) took.observe(n)
    assert.ok(metrics.stats.pendingBytes <= 10_000)
    const { dropped } = metrics.stats
    assert.ok(dropped > 98_000)
    recover()
    const lines = await interval()
    const observed = lines.filter((line) => line.startsWith('took:'))
    assert.equal(observed.length + dropped, 100_000)
    assert.equal(observed.at(-1), 'took:99999|ms')
  })

  it('tell it once how many lines were lost, when it takes lines again', async () => {
    const { metrics, interval, goDown, recover } = scene({ maxPendingBytes: 20_000, datagrams: false })
    const took = metrics.histogram({ name: 'took' })
    goDown()
    for (let n = 0; n < 100_000; n++) took.observe(n)
    assert.deepEqual(await interval(), [])
    recover()
    const lines = [...(await interval()), ...(await interval())]
    assert.equal(counts(lines, 'statsd.dropped_lines'), metrics.stats.dropped)
    assert.equal(lines.filter((line) => line.startsWith('statsd.')).length, 1)
    assert.deepEqual(await interval(), [])
  })

  it('send all gauges again once lines were lost, for one of them may have been the last of a gauge', async () => {
    const { metrics, channel, clock, interval } = scene()
    const level = metrics.gauge({ name: 'level', labels: ['of'] })
    metrics.gauge({ name: 'untouched' })
    level.with({ of: 'a' }).set(-1)
    level.with({ of: 'b' }).set(2)
    await clock.advance(10_100)
    channel.answer(new Error('nobody listens there'))
    const lines = await interval()
    assert.deepEqual(lines.slice(-4), ['statsd.dropped_lines:2|c', 'level.a:0|g', 'level.a:-1|g', 'level.b:2|g'])
    assert.deepEqual(await interval(), [])
  })

  it('send all gauges again once it comes back, for it may have forgotten them', async () => {
    const { metrics, interval, goDown, recover } = scene({ datagrams: false })
    metrics.gauge({ name: 'level' }).set(5)
    assert.deepEqual(await interval(), ['level:5|g'])
    goDown()
    assert.deepEqual(await interval(), [])
    recover()
    assert.deepEqual(await interval(), ['level:5|g'])
    assert.deepEqual(await interval(), [])
  })

  it('say what was wrong', () => {
    const onError = recorder<StatsdFailure>()
    const { metrics, fail } = scene({ onError })
    const error = new Error('nobody listens there')
    fail({ address: 'udp://127.0.0.1:8125', error })
    assert.equal(metrics.stats.lastError, error)
    assert.deepEqual(onError.events, [{ url: 'udp://127.0.0.1:8125', error }])
  })
})

describe('the end of metrics as lines', () => {
  it('sends what is there, and then closes the channel', async () => {
    const { clock, channel, metrics, lines } = scene()
    metrics.onCollect(() => metrics.gauge({ name: 'last' }).set(1))
    metrics.counter({ name: 'hits' }).add(3)
    metrics.histogram({ name: 'took' }).observe(2)
    const closed = metrics[Symbol.asyncDispose]()
    assert.equal(metrics[Symbol.asyncDispose](), closed)
    await clock.settle()
    assert.equal(channel.state, 'open')
    assert.deepEqual(lines(), ['took:2|ms', 'hits:3|c', 'last:1|g'])
    await closed
    assert.equal(channel.state, 'closed')
    assert.equal(clock.pending, 0)
  })

  it('sends what had waited for the receiver, as far as it is taken in time', async () => {
    for (const isBack of [true, false]) {
      const { clock, channel, metrics, lines, interval, goDown, recover } = scene({ datagrams: false })
      goDown()
      metrics.counter({ name: 'hits' }).add(3)
      assert.deepEqual(await interval(), [])
      const closed = metrics[Symbol.asyncDispose]()
      await clock.settle()
      if (isBack) recover()
      assert.deepEqual(lines(), isBack ? ['hits:3|c'] : [])
      await clock.advance(2_000)
      await closed
      assert.deepEqual([metrics.stats.dropped, channel.state], [isBack ? 0 : 1, 'closed'])
    }
  })

  it('leaves instruments that do no harm', async () => {
    const { clock, metrics, channel } = scene()
    const instruments = [
      metrics.counter({ name: 'hits' }),
      metrics.gauge({ name: 'level' }),
      metrics.histogram({ name: 'took' }),
    ] as const
    await metrics[Symbol.asyncDispose]()
    instruments[0].add()
    instruments[1].set(1)
    instruments[2].observe(1)
    metrics.counter({ name: 'more' }).add()
    await metrics.flush()
    await clock.advance(60_000)
    assert.deepEqual(channel.texts, [])
    assert.equal(metrics.stats.dropped, 1)
  })
})
