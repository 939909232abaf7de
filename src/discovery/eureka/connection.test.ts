import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedEureka, type EurekaConnectionOptions } from './connection.ts'

async function headersOf(options: EurekaConnectionOptions) {
  const { token, authorization } = checkedEureka(options)
  const given = await token()
  return given === undefined ? undefined : authorization(given)
}

describe('checkedEureka', () => {
  it('has the port and the path of Spring as its default, and proves nothing', async () => {
    const { urls, name } = checkedEureka({})
    assert.deepEqual([urls, name], [['http://127.0.0.1:8761/eureka'], 'eureka at http://127.0.0.1:8761/eureka'])
    assert.equal(await headersOf({}), undefined)
  })

  it('carries a user and a password as RFC 7617 has it', async () => {
    const aladdin = { authorization: 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==' }
    assert.deepEqual(await headersOf({ user: 'Aladdin', password: 'open sesame' }), aladdin)
    assert.deepEqual(await headersOf({ user: 'Aladdin', password: async () => 'open sesame' }), aladdin)
    assert.deepEqual(await headersOf({ user: 'test', password: '123£' }), { authorization: 'Basic dGVzdDoxMjPCow==' })
    assert.deepEqual(await headersOf({ user: 'me' }), { authorization: 'Basic bWU6' })
  })

  it('carries a token as a bearer does', async () => {
    assert.deepEqual(await headersOf({ token: 'sesame' }), { authorization: 'Bearer sesame' })
  })

  it('refuses what does not go together or cannot be carried, without the password', async () => {
    const refuse = (options: EurekaConnectionOptions, message: RegExp) =>
      assert.throws(
        () => checkedEureka(options),
        (thrown: Error) =>
          thrown instanceof TypeError && message.test(thrown.message) && !/sesame/.test(thrown.message),
      )
    refuse({ password: 'sesame' }, /^password is nothing without a user$/)
    refuse({ user: 'me', token: 'sesame' }, /^token says who asks in place of a user/)
    for (const user of ['', 'a:b', 'a\nb', 7 as never]) refuse({ user }, /^user must be a text without a colon/)
    for (const password of ['sesame\n', 7 as never]) refuse({ user: 'me', password }, /^password must be a text/)
    await assert.rejects(headersOf({ user: 'me', password: () => 'sesame\0' }), /^TypeError: password must be a text/)
  })
})
