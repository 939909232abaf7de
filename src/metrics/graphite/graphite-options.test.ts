// Tests of graphite-options.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedGraphite, type GraphiteOptions } from './graphite-options.ts'

describe('the options of graphite', () => {
  it('name the receiver, port 2003 of this machine unless they say otherwise', () => {
    assert.equal(checkedGraphite({}).address.text, 'tcp://127.0.0.1:2003')
    const { address } = checkedGraphite({ url: 'udp://[::1]' })
    assert.deepEqual(address, { kind: 'udp', host: '::1', port: 2003, text: 'udp://[::1]' })
  })

  it('name the series', () => {
    const spec = { name: 'calls', labels: ['of'] } as never
    const nameOf = (options: GraphiteOptions) => {
      const { names } = checkedGraphite(options)
      return names.name(spec, names.series(spec, ['a']), '')
    }
    assert.equal(nameOf({ prefix: 'shop.', tags: { host: 'h1' } }), 'shop.calls;of=a;host=h1')
    assert.equal(nameOf({ labels: 'path' }), 'calls.a')
  })

  it('are refused when they make no sense', () => {
    for (const [options, message] of [
      [{ url: 'http://127.0.0.1' }, /^url must be udp:/],
      [{ prefix: 'a b' }, /^prefix must be letters/],
      [{ labels: 'both' as never }, /^labels must be one of tags, path, but is "both"/],
      [{ labels: 'path', tags: { host: 'a' } }, /^tags cannot be sent/],
      [{ tags: { 'a;b': 'x' } }, /^tags must be texts .* has "a;b"/],
      [{ tags: 'x' as never }, /^tags must be texts by names$/],
      [{ tags: { name: 'x' } }, /has "name"/],
      [{ tags: { a: 1 as never } }, /has "a"/],
      [{ maxPacketBytes: 1 }, /^maxPacketBytes must be an integer from 128/],
      [{ maxPendingBytes: 1 }, /^maxPendingBytes must be a number from 16384/],
    ] as const)
      assert.throws(() => checkedGraphite(options), { message })
  })
})
