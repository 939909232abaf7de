// Tests of secure-context.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pem } from '../../test/platform/http-servers.ts'
import { secureContext } from './secure-context.ts'

describe('a secure context', () => {
  it('is made of PEM, as text and as bytes', () => {
    secureContext({})
    secureContext({ ca: [pem('ca'), new TextEncoder().encode(pem('ca'))] })
    secureContext({ ca: pem('ca'), cert: pem('client'), key: pem('client-key') })
  })

  it('is refused for what cannot be read, and for a key of another certificate', () => {
    for (const tls of [
      { cert: 'no PEM', key: 'no PEM' },
      { cert: pem('client'), key: 'no PEM' },
      { cert: pem('client'), key: pem('server-key') },
    ])
      assert.throws(() => secureContext(tls), {
        name: 'TypeError',
        message: /^tls\.ca, tls\.cert and tls\.key must/,
      })
  })
})
