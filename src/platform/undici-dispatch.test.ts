// Tests of undici-dispatch.ts: it honours all options, each origin with its own connections.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pem } from '../../test/platform/http-servers.ts'
import { checkedRequesterOptions, type RequesterTls } from './requester-options.ts'
import { PlatformDispatch, UndiciDispatch } from './undici-dispatch.ts'

describe('undici', () => {
  it('is what carries requests on Node, with every option', () => {
    assert.equal(PlatformDispatch, UndiciDispatch)
    const options = {
      maxConnections: 1,
      connectTimeoutMs: 1,
      keepAliveMs: 1,
      maxConnectionAgeMs: 1,
      tls: {},
      socketPath: '/s',
    }
    const dispatch = new UndiciDispatch(checkedRequesterOptions(options))
    const origin = dispatch.open('http://a.test')
    assert.deepEqual([origin.url, origin.label], ['http://a.test', 'http://a.test (/s)'])
    assert.notEqual(dispatch.open('http://a.test'), origin)
  })
  it('refuses certificates and keys that it cannot read, before the first request', () => {
    const wrong: readonly RequesterTls[] = [
      { ca: 'no PEM', cert: 'no PEM', key: 'no PEM' },
      { cert: pem('client'), key: 'no PEM' },
      { cert: pem('client'), key: pem('server-key') },
    ]
    for (const tls of wrong) {
      const options = checkedRequesterOptions({ tls })
      assert.throws(() => new UndiciDispatch(options), {
        name: 'TypeError',
        message: /^tls\.ca, tls\.cert and tls\.key must/,
      })
    }
    new UndiciDispatch(checkedRequesterOptions({ tls: { ca: [pem('ca'), new TextEncoder().encode(pem('ca'))] } }))
  })
})
