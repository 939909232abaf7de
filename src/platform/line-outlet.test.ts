// Tests of line-outlet.ts: with a channel that is told what to take, on a clock that stands still.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ScriptedChannel } from '../../test/platform/scripted-channel.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { LineOutlet, type ReceiverFailure } from './line-outlet.ts'
import type { SocketFailure } from './socket-options.ts'

function scene() {
  const clock = manualClock()
  const channel = new ScriptedChannel(false)
  const onError = recorder<ReceiverFailure>()
  let fail: (failure: SocketFailure) => void = () => {}
  const open = (tellFailure: typeof fail) => {
    fail = tellFailure
    return channel
  }
  const limits = { maxChunkBytes: 10, maxPendingBytes: 10 }
  const outlet = new LineOutlet(open, { ...limits, clock, onError })
  return { clock, channel, onError, outlet, fail: (failure: SocketFailure) => fail(failure) }
}

describe('LineOutlet', () => {
  it('says how sending goes', async () => {
    const { clock, channel, outlet } = scene()
    outlet.writer.write('one\n')
    await clock.advance(100)
    channel.answer()
    const { sent, dropped, pendingBytes, state, lastError } = outlet.stats
    assert.deepEqual([sent, dropped, pendingBytes, state, lastError], [1, 0, 0, 'open', undefined])
  })

  it('tells of a receiver that cannot be reached, and remembers why', () => {
    const { outlet, onError, fail } = scene()
    const error = new Error('refused')
    fail({ address: 'tcp://a:1', error })
    assert.deepEqual(onError.events, [{ url: 'tcp://a:1', error }])
    assert.equal(outlet.stats.lastError, error)
  })

  it('counts what was lost and nobody was told of', async () => {
    const { clock, channel, outlet } = scene()
    channel.room = 0
    for (let n = 0; n < 4; n++) outlet.writer.write(`line ${n}\n`)
    await clock.advance(100)
    assert.ok(outlet.untold > 0)
    assert.equal(outlet.untold, outlet.stats.dropped)
    assert.equal(outlet.takeUntold(), outlet.stats.dropped)
    assert.deepEqual([outlet.untold, outlet.takeUntold()], [0, 0])
  })

  it('writes what is left before it closes the channel', async () => {
    const { channel, outlet } = scene()
    outlet.writer.write('last\n')
    const closing = outlet[Symbol.asyncDispose]()
    channel.answer()
    await closing
    assert.deepEqual([channel.texts, channel.state], [['last\n'], 'closed'])
  })
})
