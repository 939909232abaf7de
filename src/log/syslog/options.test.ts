// Tests of options.ts.
import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { describe, it } from 'node:test'
import { checkedSyslogOptions, type SyslogOptions } from './options.ts'

describe('options of syslog', () => {
  it('have their defaults', () => {
    const { address, sender, framing, maxMessageBytes, maxPendingBytes, format } = checkedSyslogOptions()
    assert.deepEqual(address, { kind: 'udp', host: '127.0.0.1', port: 514, text: 'udp://127.0.0.1:514' })
    assert.deepEqual(sender, {
      facility: 'user',
      hostname: hostname(),
      appName: 'options.test',
      processId: String(process.pid),
    })
    assert.deepEqual([framing, maxMessageBytes, maxPendingBytes, format], [undefined, 2_048, 1_048_576, 'rfc5424'])
  })

  it('depend on the way there', () => {
    const of = (options: SyslogOptions) => {
      const { address, framing, maxMessageBytes } = checkedSyslogOptions(options)
      return [address.kind === 'unix' ? address.path : address.port, framing, maxMessageBytes]
    }
    assert.deepEqual(of({ url: 'tcp://logs' }), [514, 'octet-counting', 8_192])
    assert.deepEqual(of({ url: 'tcp://logs', tls: {} }), [6_514, 'octet-counting', 8_192])
    assert.deepEqual(of({ url: 'tcp://logs:601', framing: 'line-feed' }), [601, 'line-feed', 8_192])
    assert.deepEqual(of({ url: 'unix:///dev/log' }), ['/dev/log', 'line-feed', 8_192])
    assert.deepEqual(of({ url: 'unix:///dev/log', framing: 'octet-counting' }), ['/dev/log', 'octet-counting', 8_192])
  })

  it('that make no sense are refused with what would', () => {
    const refused: readonly (readonly [Record<string, unknown>, RegExp])[] = [
      [{ url: 'http://h' }, /^url must be udp:\/\/host\[:port\], .*, but is "http:\/\/h"$/],
      [{ url: 7 }, /^url must be .* but is no text but number$/],
      [{ format: 'rfc' }, /^format must be one of rfc5424, rfc3164, but is "rfc"$/],
      [{ url: 'tcp://h', framing: 'lf' }, /^framing must be one of octet-counting, line-feed, but is "lf"$/],
      [{ framing: 'line-feed' }, /^framing is for streams, but url is "udp:/],
      [{ facility: 'users' }, /^facility must be one of kern, /],
      [{ structuredDataId: 'fields' }, /^structuredDataId must be like name@32473, but is "fields"$/],
      [{ structuredDataId: 'fi elds@1' }, /^structuredDataId must be/],
      [{ structuredDataId: `${'x'.repeat(31)}@1` }, /^structuredDataId must be/],
      [{ structuredDataId: 'a]@1' }, /^structuredDataId must be/],
      [{ byteOrderMark: 1 }, /^byteOrderMark must be true or false, but is of type number$/],
      [{ messageId: 'x' }, /^messageId must be a function$/],
      [{ body: {} }, /^body must be a function$/],
      [{ maxMessageBytes: 479 }, /^maxMessageBytes must be an integer from 480 to 65507, but is 479$/],
      [{ maxMessageBytes: 65_508 }, /^maxMessageBytes must be/],
      [{ url: 'tcp://h', maxMessageBytes: 1_048_577 }, /^maxMessageBytes must be an integer from 480 to 1048576/],
      [{ maxPendingBytes: 16_383 }, /^maxPendingBytes must be a number from 16384 to/],
      [{ maxMessageBytes: 60_000, maxPendingBytes: 59_999 }, /^maxPendingBytes must be a number from 60000 to/],
      [{ hostname: 7 }, /^hostname must be a text, but is of type number$/],
    ]
    for (const [options, message] of refused) assert.throws(() => checkedSyslogOptions(options), { message })
  })
})
