// Tests of framed-channel.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ScriptedChannel } from '../../../test/platform/scripted-channel.ts'
import { FramedChannel } from './framed-channel.ts'

describe('FramedChannel', () => {
  it('puts before each chunk its length, the lowest byte first', () => {
    const stream = new ScriptedChannel(false)
    const channel = new FramedChannel(stream)
    assert.equal(channel.datagrams, true)
    assert.equal(channel.send(new TextEncoder().encode('x'.repeat(0x102))), true)
    assert.deepEqual(stream.texts, [`\x02\x01\0\0${'x'.repeat(0x102)}`])
  })

  it('passes on what becomes of them', async () => {
    const stream = new ScriptedChannel(false)
    const channel = new FramedChannel(stream)
    const heard: (string | undefined)[] = []
    channel.listen({ onAnswer: (error) => void heard.push(error?.message), onReady: () => void heard.push('ready') })
    stream.room = 1
    assert.equal(channel.send(new Uint8Array(1)), true)
    assert.equal(channel.send(new Uint8Array(1)), false)
    stream.answer()
    stream.open()
    assert.deepEqual(heard, [undefined, 'ready'])
    assert.equal(channel.state, 'open')
    await channel[Symbol.asyncDispose]()
    assert.equal(channel.state, 'closed')
  })
})
