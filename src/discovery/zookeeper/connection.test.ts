// Tests of connection.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedConnection, type ZookeeperConnectionOptions } from './connection.ts'

describe('the options of a connection', () => {
  it('have defaults', () => {
    const { name, path, auth, tls, sessionTimeoutMs, connectTimeoutMs, maxPacketBytes, servers } = checkedConnection({})
    assert.deepEqual([name, path], ['zookeeper at 127.0.0.1:2181', '/services'])
    assert.deepEqual(
      [auth, tls, sessionTimeoutMs, connectTimeoutMs, maxPacketBytes],
      [undefined, undefined, 10_000, 2_000, 1_048_575],
    )
    assert.equal(servers.count, 1)
  })

  it('begin all paths at the chroot, however it is given', () => {
    for (const options of [{ servers: 'a,b:1/app' }, { servers: ['a', 'b:1'], chroot: '/app' }]) {
      const { name, path } = checkedConnection(options)
      assert.deepEqual([name, path], ['zookeeper at a:2181,b:1/app', '/app/services'])
    }
    assert.equal(checkedConnection({ servers: 'a/app', path: '/' }).path, '/app')
  })

  it('are refused when they make no sense, and no secret is told', () => {
    const refused: readonly (readonly [ZookeeperConnectionOptions, RegExp])[] = [
      [{ servers: 'a:b' }, /^servers must be like/],
      [{ servers: 'a/b', chroot: '/c' }, /^chroot must be given by itself or with servers/],
      [{ chroot: 'c' }, /^chroot must be a path/],
      [{ path: '/a/' }, /^path must be a path/],
      [{ user: 'a:b', password: 'hush' }, /^user and password must be texts, the user without a colon$/],
      [{ user: '', password: 'hush' }, /^user and password must be texts/],
      [{ user: 'a' }, /^user and password must be given together$/],
      [{ tls: { cert: 'hush' } }, /^tls\.cert and tls\.key/],
      [{ sessionTimeoutMs: 99 }, /^sessionTimeoutMs must be an integer from 100/],
      [{ sessionTimeoutMs: 1_000.5 }, /^sessionTimeoutMs/],
      [{ connectTimeoutMs: 0 }, /^connectTimeoutMs/],
      [{ maxPacketBytes: 1 }, /^maxPacketBytes must be an integer from 1024/],
    ]
    for (const [options, message] of refused)
      assert.throws(
        () => checkedConnection(options),
        (error: Error) => message.test(error.message) && !error.message.includes('hush'),
        JSON.stringify(options),
      )
  })
})
