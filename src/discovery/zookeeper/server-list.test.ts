// Tests of server-list.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '../../primitives/random.ts'
import { ServerTurns, serverList } from './server-list.ts'

const read = (text: string | readonly string[]) => {
  const { servers, chroot } = serverList(text)
  return [servers.map(({ host, port }) => `${host} ${port}`), chroot]
}

describe('a list of servers', () => {
  it('is read as ZooKeeper writes it', () => {
    assert.deepEqual(read('zk1:2181, zk2 ,10.0.0.1:2182/app/one'), [
      ['zk1 2181', 'zk2 2181', '10.0.0.1 2182'],
      '/app/one',
    ])
    assert.deepEqual(read('[2001:db8::1]:2181,[::1]'), [['2001:db8::1 2181', '::1 2181'], '/'])
    assert.deepEqual(read(['zk1:1', 'zk2:2']), [['zk1 1', 'zk2 2'], '/'])
    assert.deepEqual(serverList('[::1]').servers[0]?.text, '[::1]:2181')
  })

  it('is refused when it is none', () => {
    for (const text of [
      '',
      ',',
      'a,,b',
      'a:0',
      'a:65536',
      'a:b',
      '::1',
      '[1.2.3.4]',
      '/app',
      'http://a',
      [],
      7,
      'user@a b',
    ])
      assert.throws(
        () => serverList(text as string),
        { name: 'TypeError', message: /^servers must be like host:2181/ },
        String(text),
      )
    assert.throws(() => serverList('a:1/b/'), { message: /^servers must be a path like/ })
  })

  it('gives each server its turn, in an order of chance', () => {
    const { servers } = serverList('a,b,c,d')
    const orders = new Set<string>()
    for (let seed = 0; seed < 200; seed++) {
      const turns = new ServerTurns(servers, seededRandom(seed))
      const hosts = Array.from({ length: 8 }, () => turns.next().host).join('')
      assert.equal(hosts.slice(0, 4), hosts.slice(4))
      assert.equal([...hosts.slice(0, 4)].toSorted().join(''), 'abcd')
      orders.add(hosts)
    }
    assert.equal(orders.size, 24, 'each order should come up')
  })
})
