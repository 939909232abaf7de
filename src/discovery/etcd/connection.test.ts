import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedEtcd } from './connection.ts'

describe('checkedEtcd', () => {
  it('has defaults', () => {
    const { service, credentials, path } = checkedEtcd({})
    assert.deepEqual([service.name, credentials, path], ['etcd at http://127.0.0.1:2379', undefined, '/services'])
    assert.deepEqual(service.authorization('t'), { authorization: 't' })
  })

  it('refuses what makes no sense, and never says the password', () => {
    const refused: readonly (readonly [object, string])[] = [
      [{ user: 'app' }, 'user and password must be given together'],
      [{ password: 'sesame' }, 'user and password must be given together'],
      [{ user: '', password: 'sesame' }, 'user must be a text'],
      [{ user: 'app', password: 7 }, 'password must be a text or a function'],
      [{ path: 7 }, 'path must be a text like /services'],
      [{ url: 'localhost:2379' }, 'url must be like http://host:port, but is "localhost:2379"'],
      [{ url: [] }, 'url must name one server at least'],
    ]
    for (const [options, message] of refused) assert.throws(() => checkedEtcd(options), { message })
  })
})
