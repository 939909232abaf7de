// Tests of statsd-options.ts: the defaults, and what is refused.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedAddress, type StatsdOptions } from './statsd-options.ts'

describe('the options of StatsD', () => {
  it('lead to the usual port of this machine', () => {
    const text = 'udp://127.0.0.1:8125'
    assert.deepEqual(checkedAddress({}), { kind: 'udp', host: '127.0.0.1', port: 8125, text })
    assert.equal((checkedAddress({ url: 'tcp://statsd' }) as { port: number }).port, 8125)
    assert.equal(checkedAddress({ url: 'unix:///run/statsd.sock' }).kind, 'unix')
  })

  it('are taken at the ends of their ranges', () => {
    checkedAddress({ sampleRatio: 1e-6, maxPacketBytes: 128, maxPendingBytes: 128 })
    checkedAddress({ sampleRatio: 1, maxPacketBytes: 65_507, maxPendingBytes: 2 ** 31, prefix: 'a-B_9.' })
  })

  it('are refused when they make no sense', () => {
    const refused: readonly (readonly [StatsdOptions, RegExp])[] = [
      [{ url: 'http://a' }, /^url must be udp:\/\/host\[:port\], .* but is "http:\/\/a"$/],
      [{ url: 8125 as never }, /^url must be .* but is no text but number$/],
      [{ prefix: 'a b' }, /^prefix must be letters, digits, _, - and dots, but is "a b"$/],
      [{ prefix: 'a:' }, /^prefix must be/],
      [{ prefix: 5 as never }, /^prefix must be/],
      [{ sampleRatio: 0 }, /^sampleRatio must be a number from 0.000001 to 1, but is 0$/],
      [{ sampleRatio: 1.5 }, /^sampleRatio must be/],
      [{ maxPacketBytes: 127 }, /^maxPacketBytes must be an integer from 128 to 65507, but is 127$/],
      [{ maxPacketBytes: 1_432.5 }, /^maxPacketBytes must be/],
      [{ maxPendingBytes: 1_431 }, /^maxPendingBytes must be a number from 1432 to/],
      [{ maxPendingBytes: 16_383, url: 'tcp://a' }, /^maxPendingBytes must be a number from 16384 to/],
      [{ maxPendingBytes: 999, maxPacketBytes: 1_000 }, /^maxPendingBytes must be a number from 1000 to/],
    ]
    for (const [options, message] of refused) assert.throws(() => checkedAddress(options), { message })
  })
})
