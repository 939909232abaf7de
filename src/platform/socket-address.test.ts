// Tests of socket-address.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { socketAddress } from './socket-address.ts'

describe('the address of a receiver', () => {
  it('is a scheme, a host and a port', () => {
    for (const [text, kind, host, port] of [
      ['udp://127.0.0.1:8125', 'udp', '127.0.0.1', 8125],
      ['tcp://graphite.test:2003', 'tcp', 'graphite.test', 2003],
      ['UDP://My_Host:1', 'udp', 'My_Host', 1],
      ['udp://[::1]:65535', 'udp', '::1', 65_535],
      ['tcp://[fe80::1.2.3.4]:80', 'tcp', 'fe80::1.2.3.4', 80],
    ] as const)
      assert.deepEqual(socketAddress(text), { kind, host, port, text })
  })

  it('is a path behind three slashes, of which the first begins it', () => {
    assert.deepEqual(socketAddress('unix:///run/a.sock'), {
      kind: 'unix',
      path: '/run/a.sock',
      text: 'unix:///run/a.sock',
    })
    assert.equal((socketAddress('unix:///a%20b%23') as { path: string }).path, '/a b#')
  })

  it('has the port that its user knows, unless it says one', () => {
    const portOf = (text: string) => (socketAddress(text, { defaultPort: 8125 }) as { port: number }).port
    assert.deepEqual(['udp://a', 'udp://a:1', 'tcp://[::1]'].map(portOf), [8125, 1, 8125])
  })

  it('is refused when it is anything else', () => {
    const refused = [
      '',
      'localhost:8125',
      'http://a:1',
      'udp://a',
      'udp://a:',
      'udp://a:0',
      'udp://a:65536',
      'udp://a:x',
      'udp://:1',
      'udp://a:1/',
      'udp://a:1?b',
      'udp://u:p@a:1',
      'udp://a b:1',
      'udp://a:1\n',
      'tcp://[::1:1',
      'tcp://::1:1',
      'tcp://[1.2.3.4]:1',
      'tcp://[:::]:1',
      'unix://a/b',
      'unix:/a',
      'unix://',
      'unix:///',
      'unix:///a%',
      'unix:///a%00b',
      'unix:///a?b',
      'unixgram:///a',
    ]
    for (const text of refused)
      assert.throws(() => socketAddress(text), {
        name: 'TypeError',
        message: `address must be udp://host:port, tcp://host:port or unix:///path, but is ${JSON.stringify(text)}`,
      })
    assert.throws(() => socketAddress('udp://a:0', { defaultPort: 1, option: 'url' }), {
      message: /^url must be udp:\/\/host\[:port\], tcp/,
    })
    for (const none of [undefined, null, 5, {}])
      assert.throws(() => socketAddress(none as never), { name: 'TypeError', message: /but is no text but/ })
  })
})
