// Tests of graphite-destination.ts: with a channel that is told what to take, on a clock that stands still.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ScriptedChannel } from '../../../test/platform/scripted-channel.ts'
import type { SocketFailure } from '../../platform/socket-options.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { recorder } from '../../testing/recorder.ts'
import { registry } from '../registry.ts'
import { GraphiteDestination } from './graphite-destination.ts'
import { taggedNames } from './graphite-names.ts'
import type { GraphiteFailure, GraphiteOptions } from './graphite-options.ts'

function scene(options: GraphiteOptions & { readonly datagrams?: boolean } = {}) {
  const { datagrams = false, ...rest } = options
  const clock = manualClock({ wallStartAt: 1_000 })
  const metrics = registry({ clock })
  const channel = new ScriptedChannel(datagrams)
  let fail: (failure: SocketFailure) => void = () => {}
  const destination = new GraphiteDestination(metrics, taggedNames('', {}), { clock, ...rest }, (onError) => {
    fail = onError
    return channel
  })
  let read = 0
  const send = async (isLast = false) => {
    destination.send({ signal: new AbortController().signal, isLast })
    await clock.advance(100)
    const sent = channel.texts.slice(read).join('\n').split('\n')
    read = channel.texts.length
    channel.answer()
    return sent.filter((line) => line !== '')
  }
  return { clock, metrics, channel, destination, send, fail: (failure: SocketFailure) => fail(failure) }
}

describe('GraphiteDestination', () => {
  it('writes what there is, as of the second', async () => {
    const { metrics, send, destination } = scene()
    metrics.counter({ name: 'calls' }).add(2)
    assert.deepEqual(await send(), ['calls 2 1'])
    assert.deepEqual(await send(), ['calls 2 1'])
    assert.deepEqual(destination.stats, {
      ...{ sent: 2, dropped: 0, pendingBytes: 0 },
      ...{ state: 'open', lastError: undefined },
    })
  })

  it('writes nothing to a stream that is down or takes nothing, and all once it does', async () => {
    const { metrics, channel, send, destination } = scene()
    const calls = metrics.counter({ name: 'calls' })
    calls.add(2)
    channel.state = 'down'
    assert.deepEqual(await send(), [])
    calls.add(3)
    channel.state = 'open'
    assert.deepEqual(await send(), ['calls 5 1'])
    channel.room = 0
    for (let n = 0; n < 50; n++) assert.deepEqual(await send(), [])
    assert.ok(destination.stats.pendingBytes < 100)
    channel.open()
    channel.answer()
    calls.add(1)
    assert.ok((await send()).some((line) => line.startsWith('calls 6 ')))
    assert.equal(destination.stats.dropped, 0)
  })

  it('writes to a stream that is not open yet, and the last time to any', async () => {
    const { metrics, channel, send } = scene()
    metrics.counter({ name: 'calls' }).add(2)
    channel.state = 'connecting'
    assert.deepEqual(await send(), ['calls 2 1'])
    channel.state = 'down'
    assert.deepEqual(await send(true), ['calls 2 1'])
  })

  it('goes on with datagrams, of which only one that arrives says that others do', async () => {
    const { metrics, channel, send } = scene({ datagrams: true })
    metrics.counter({ name: 'calls' }).add(2)
    channel.state = 'down'
    assert.deepEqual(await send(), ['calls 2 1'])
  })

  it('counts what is lost, and tells the receiver', async () => {
    const { metrics, channel, clock, send, destination } = scene({ datagrams: true })
    metrics.gauge({ name: 'level' }).set(1)
    destination.send({ signal: new AbortController().signal, isLast: false })
    await clock.advance(100)
    channel.answer(new Error('refused'))
    assert.equal(destination.stats.dropped, 1)
    assert.deepEqual((await send()).slice(-2), ['level 1 1', 'graphite.dropped_lines 1 1'])
    assert.deepEqual((await send()).slice(-2), ['level 1 1', 'graphite.dropped_lines 1 1'])
  })

  it('tells what the channel suffers from', () => {
    const failed = recorder<GraphiteFailure>()
    const { destination, fail } = scene({ onError: failed })
    const error = new Error('nobody there')
    fail({ address: 'tcp://a:1', error })
    assert.deepEqual(failed.events, [{ url: 'tcp://a:1', error }])
    assert.equal(destination.stats.lastError, error)
  })

  it('closes its channel, and leaves nothing behind', async () => {
    const { metrics, clock, channel, destination, send } = scene()
    metrics.counter({ name: 'calls' }).add(2)
    await send(true)
    await destination.flush()
    await destination.close()
    assert.deepEqual([channel.state, clock.pending], ['closed', 0])
  })
})
