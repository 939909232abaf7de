// Tests of credentials.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type CredentialOptions, checkedCredentials } from './credentials.ts'

describe('checkedCredentials', () => {
  async function headersOf(options: CredentialOptions): Promise<unknown> {
    const { token, authorization } = checkedCredentials(options, 'Bearer')
    const secret = typeof token === 'function' ? await token() : token
    return secret === undefined ? {} : authorization?.(secret)
  }

  it('are user and password, as RFC 7617 has them', async () => {
    const aladdin = { authorization: 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==' }
    assert.deepEqual(await headersOf({ user: 'Aladdin', password: 'open sesame' }), aladdin)
    assert.deepEqual(await headersOf({ user: 'Aladdin', password: async () => 'open sesame' }), aladdin)
    assert.deepEqual(await headersOf({ user: 'test', password: '123£' }), { authorization: 'Basic dGVzdDoxMjPCow==' })
    assert.deepEqual(await headersOf({ user: 'me', password: '' }), { authorization: 'Basic bWU6' })
  })

  it('are a token, or what gives one, or nothing', async () => {
    assert.deepEqual(await headersOf({ token: 'sesame' }), { authorization: 'Bearer sesame' })
    assert.deepEqual(await headersOf({ token: () => 'sesame' }), { authorization: 'Bearer sesame' })
    assert.deepEqual(await headersOf({}), {})
  })

  it('are refused when they make no sense, without a word of secrets', async () => {
    const wrong: readonly (readonly [CredentialOptions, string])[] = [
      [{ token: 'hush', user: 'a', password: 'hush' }, 'token and user cannot both be given'],
      [{ user: 'hush' }, 'user and password must be given together'],
      [{ password: 'hush' }, 'user and password must be given together'],
      ...['', 'a:b', 'a\nb', 7 as never].map(
        (user) =>
          [{ user, password: 'hush' }, 'user must be a text without a colon and without control characters'] as const,
      ),
      [{ user: 'a', password: 1 as never }, 'password must be a text without control characters'],
      [{ user: 'a', password: 'hush\n' }, 'password must be a text without control characters'],
    ]
    for (const [options, message] of wrong) assert.throws(() => checkedCredentials(options, 'Bearer'), { message })
    await assert.rejects(headersOf({ user: 'me', password: () => 'hush\0' }), {
      message: 'password must be a text without control characters',
    })
  })
})
