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

  it('carries a user and a password, or a token as a bearer does', async () => {
    const me = { authorization: 'Basic bWU6c2VzYW1l' }
    assert.deepEqual(await headersOf({ user: 'me', password: 'sesame' }), me)
    assert.deepEqual(await headersOf({ user: 'me', password: async () => 'sesame' }), me)
    assert.deepEqual(await headersOf({ token: 'sesame' }), { authorization: 'Bearer sesame' })
  })

  it('refuses what does not go together', () => {
    const together = 'token and user cannot both be given'
    assert.throws(() => checkedEureka({ user: 'me', password: 'x', token: 'sesame' }), { message: together })
    assert.throws(() => checkedEureka({ user: 'me' }), { message: 'user and password must be given together' })
  })
})
