// Tests of registrar.ts, beside the suite of all registrars.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryZookeeper } from '../../../test/discovery/memory-zookeeper.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { zookeeperRegistrar } from './registrar.ts'

describe('zookeeperRegistrar', { timeout: 30_000 }, () => {
  it('announces each instance by a node of its own, in one session, which ends with the last', async () => {
    const clock = manualClock()
    await using zookeeper = await MemoryZookeeper.open(clock)
    await using registrar = zookeeperRegistrar({ servers: zookeeper.servers, chroot: '/app', path: '/live', clock })
    assert.equal(registrar.name, `zookeeper at ${zookeeper.servers}/app`)
    const one = registrar.register('a/b', { id: 'x/1', address: '10.0.0.1:80', tags: ['v2'] })
    const other = registrar.register('c', { id: 'y', address: '10.0.0.1:80' })
    await Promise.all([one.registered, other.registered])
    const { data, stat } = zookeeper.nodes.find('/app/live/a%2fb/x%2f1')
    assert.equal(data.toString(), '{"id":"x/1","address":"10.0.0.1:80","tags":["v2"]}')
    assert.deepEqual([[...zookeeper.sessions.keys()], zookeeper.sockets.size], [[stat.ephemeralOwner], 1])
    await one.close()
    assert.deepEqual(
      [zookeeper.nodes.children('/app/live/a%2fb'), zookeeper.nodes.children('/app/live/c')],
      [[], ['y']],
    )
    assert.equal(zookeeper.sessions.size, 1)
    await other.close()
    assert.equal(zookeeper.sessions.size, 0)
    const again = registrar.register('c', { id: 'y', address: '10.0.0.1:80' })
    await again.registered
    assert.deepEqual(zookeeper.nodes.children('/app/live/c'), ['y'])
  })

  it('refuses what makes no sense, and instances that no packet can carry', async () => {
    assert.throws(() => zookeeperRegistrar({ acl: [] }), /^TypeError: acl must be a list/)
    assert.throws(() => zookeeperRegistrar({ servers: '' }), /^TypeError: servers must be/)
    assert.throws(() => zookeeperRegistrar({ timeoutMs: 0 }), /^RangeError: timeoutMs/)
    await using registrar = zookeeperRegistrar({ maxPacketBytes: 1_024 })
    assert.throws(() => registrar.register('a', { id: 'b', address: 'c' }), /^TypeError: address must be/)
    const metadata = { text: 'x'.repeat(600) }
    assert.throws(
      () => registrar.register('a', { id: 'b', address: 'c:80', metadata }),
      /^RangeError: an instance may take 512 bytes/,
    )
  })
})
