// Tests of basic-credentials.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { basicCredentials, type CredentialOptions } from './basic-credentials.ts'

describe('basicCredentials', () => {
  it('are user and password, as RFC 7617 has them', () => {
    assert.equal(basicCredentials({ user: 'Aladdin', password: 'open sesame' }), 'QWxhZGRpbjpvcGVuIHNlc2FtZQ==')
    assert.equal(basicCredentials({ user: 'test', password: '123£' }), 'dGVzdDoxMjPCow==')
    assert.equal(basicCredentials({}), undefined)
    assert.equal(basicCredentials({ token: 'secret' }), undefined)
  })

  it('are refused when they make no sense, without a word of secrets', () => {
    const wrong: readonly (readonly [CredentialOptions, string])[] = [
      [{ token: 'hush', user: 'a', password: 'hush' }, 'token and user cannot both be given'],
      [{ user: 'hush' }, 'user and password must be given together'],
      [{ password: 'hush' }, 'user and password must be given together'],
      [{ user: 'a:b', password: 'hush' }, 'user and password must be texts, the user without a colon'],
      [{ user: 'a', password: 1 as never }, 'user and password must be texts, the user without a colon'],
    ]
    for (const [options, message] of wrong) assert.throws(() => basicCredentials(options), { message })
  })
})
