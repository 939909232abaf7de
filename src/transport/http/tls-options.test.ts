import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pem } from '../../../test/platform/http-servers.ts'
import { checkTls, tlsOptions } from './tls-options.ts'

const pair = { key: pem('server-key'), cert: pem('server') }

describe('checkTls', () => {
  it('takes a key and its certificate', () => {
    checkTls(pair)
    checkTls({ ...pair, ca: pem('ca'), requestCertificate: true })
  })

  it('says what is missing, what does nothing, and what does not fit', () => {
    assert.throws(() => checkTls({ key: pair.key } as never), /key and a cert/)
    assert.throws(() => checkTls({ ...pair, ca: pem('ca') }), /requestCertificate/)
    assert.throws(() => checkTls({ ...pair, key: pem('client-key') }), /belong together/)
  })
})

describe('tlsOptions', () => {
  it('refuses callers that cannot show who they are only where they are asked', () => {
    const { requestCert, rejectUnauthorized } = tlsOptions({ ...pair, requestCertificate: true })
    assert.deepEqual([requestCert, rejectUnauthorized], [true, true])
    assert.equal(tlsOptions(pair).rejectUnauthorized, false)
  })
})
