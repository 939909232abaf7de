import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AgentFront, type Backend } from '../../../test/discovery/agent-front.ts'
import { MemoryEtcd } from '../../../test/discovery/memory-etcd.ts'
import { memoryGateway } from '../../../test/discovery/memory-gateway.ts'
import { passOn } from '../../../test/discovery/pass-on.ts'
import { seededRandom } from '../../primitives/random.ts'
import { settles, until } from '../../testing/conformance/harness-time.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import type { Instance } from '../instance.ts'
import { type EtcdRegistrarOptions, etcdRegistrar } from './registrar.ts'

const one: Instance = { id: 'i1', address: '10.0.0.1:80' }
const at = '/services/orders/i1'

/** An etcd in memory, and a registrar with it. What is cut off is done, but nobody hears so. */
async function opened(options: EtcdRegistrarOptions = {}) {
  const clock = manualClock()
  const etcd = new MemoryEtcd(clock)
  const gateway = memoryGateway(etcd)
  const cut = new Set<string>()
  const backend: Backend = async (request) => {
    const reply = await gateway(request)
    if (cut.delete(request.path)) throw new Error('cut off')
    return reply
  }
  const front = await AgentFront.open(backend, clock)
  const other = await AgentFront.open(gateway, clock)
  const time = { clock, pass: (ms: number) => passOn(clock, ms) }
  const errors: string[] = []
  const onError: EtcdRegistrarOptions['onError'] = ({ during, error }) =>
    void errors.push(`${during}: ${error.message}`)
  const registrar = etcdRegistrar({ url: front.url, clock, onError, random: seededRandom(1), ...options })
  const register = async (service = 'orders', instance = one) => {
    const registration = registrar.register(service, instance)
    await settles(time, registration.registered, 'it is registered')
    return registration
  }
  return {
    ...time,
    etcd,
    front,
    other,
    cut,
    errors,
    registrar,
    register,
    ends: (each: { close(): Promise<void> }) => settles(time, each.close(), 'it is closed'),
    [Symbol.asyncDispose]: async () => {
      await settles(time, Promise.resolve(registrar[Symbol.asyncDispose]()), 'it ends')
      await front[Symbol.asyncDispose]()
      await other[Symbol.asyncDispose]()
    },
  }
}

describe('etcdRegistrar', { timeout: 20_000 }, () => {
  it('refuses what makes no sense', async () => {
    await using setup = await opened()
    assert.throws(() => etcdRegistrar({ ttlMs: 999 }), {
      message: 'ttlMs must be a number from 1000 to 86400000, but is 999',
    })
    assert.throws(() => setup.registrar.register('a/b', one), /^TypeError: service must be a text without a slash/)
    assert.throws(
      () => setup.registrar.register('a', { id: 'x', address: 'y' }),
      /^TypeError: address must be host:port/,
    )
    const metadata = { long: 'x'.repeat(70_000) }
    assert.throws(
      () => setup.registrar.register('a', { ...one, metadata }),
      /^RangeError: an instance may take 65536 bytes/,
    )
  })

  it('puts a key that hangs on a lease, below the path', async () => {
    await using setup = await opened({ path: '/a/b/' })
    const registration = await setup.register()
    const there = setup.etcd.at('/a/b/orders/i1')
    assert.equal(there?.value, '{"id":"i1","address":"10.0.0.1:80"}')
    assert.notEqual(there?.lease, '0')
    await setup.ends(registration)
    assert.equal(setup.etcd.at('/a/b/orders/i1'), undefined)
    assert.equal(setup.etcd.renew(there?.lease ?? ''), 0)
  })

  it('renews three times as often as it must, and writes nothing by that', async () => {
    await using setup = await opened({ ttlMs: 9_000 })
    await setup.register()
    const { revision } = setup.etcd
    await setup.pass(30_000)
    assert.deepEqual([setup.front.came('/v3/lease/keepalive'), setup.etcd.revision, setup.errors], [10, revision, []])
  })

  it('is registered anew when its lease is lost, with another one', async () => {
    await using setup = await opened()
    const registration = await setup.register()
    const lease = setup.etcd.at(at)?.lease ?? ''
    setup.etcd.revoke(lease)
    await setup.pass(5_000)
    await until(setup, () => setup.etcd.at(at) !== undefined, 'it is there again')
    assert.notEqual(setup.etcd.at(at)?.lease, lease)
    assert.deepEqual(setup.errors, ['renew: etcd has lost the lease'])
    await until(setup, () => registration.state === 'registered', 'it is said to be registered')
  })

  it('is registered anew when somebody removes its key', async () => {
    await using setup = await opened()
    await setup.register()
    setup.etcd.change([], [at])
    await setup.pass(5_000)
    await until(setup, () => setup.etcd.at(at) !== undefined, 'it is there again')
    assert.deepEqual(setup.errors, ['renew: somebody has removed the key'])
  })

  it('writes nothing where a renewal failed and nothing was lost', async () => {
    await using setup = await opened()
    const registration = await setup.register()
    const { revision } = setup.etcd
    setup.cut.add('/v3/lease/keepalive')
    await setup.pass(5_000)
    await until(setup, () => setup.front.came('/v3/kv/txn') === 2, 'it is registered again')
    await until(setup, () => registration.state === 'registered', 'it is said to be registered')
    assert.deepEqual([setup.errors.length, setup.etcd.revision], [1, revision])
  })

  it('takes back what may have been done, though nobody said so', async () => {
    for (const path of ['/v3/lease/grant', '/v3/kv/txn']) {
      await using setup = await opened()
      setup.cut.add(path)
      const registration = setup.registrar.register('orders', one)
      await until(setup, () => setup.errors.length > 0, 'it fails')
      assert.equal(setup.etcd.at(at) === undefined, path === '/v3/lease/grant')
      await setup.ends(registration)
      assert.equal(setup.etcd.at(at), undefined)
    }
  })

  it('lets the later of two with the same id win, and takes back only what is its own', async () => {
    await using setup = await opened()
    const first = await setup.register()
    const moved = { ...one, address: '10.0.0.2:80' }
    const second = await setup.register('orders', moved)
    // It is renewed, and does not fight.
    await setup.pass(20_000)
    assert.match(setup.etcd.at(at)?.value ?? '', /10\.0\.0\.2:80/)
    await setup.ends(first)
    assert.match(setup.etcd.at(at)?.value ?? '', /10\.0\.0\.2:80/)
    await setup.ends(second)
    assert.equal(setup.etcd.at(at), undefined)
    assert.deepEqual(setup.errors, [])
  })

  it('keeps two registrations of the same object apart', async () => {
    await using setup = await opened()
    const [atOrders, atUsers] = [await setup.register(), await setup.register('users')]
    const again = await setup.register()
    await setup.ends(atOrders)
    assert.ok(setup.etcd.at(at))
    await setup.ends(again)
    assert.deepEqual([setup.etcd.at(at), setup.etcd.at('/services/users/i1')?.key], [undefined, '/services/users/i1'])
    await setup.ends(atUsers)
  })

  it('goes on at another member, and nobody hears of it', async () => {
    await using setup = await opened()
    const { clock, front, other, etcd } = setup
    const errors: unknown[] = []
    const registrar = etcdRegistrar({ url: [front.url, other.url], clock, onError: (event) => errors.push(event) })
    const registration = registrar.register('orders', one)
    await settles(setup, registration.registered, 'it is registered')
    const { revision } = etcd
    await front.stop()
    await setup.pass(30_000)
    assert.deepEqual([errors, registration.state, etcd.revision], [[], 'registered', revision])
    // One that hangs is left after its time.
    await front.start()
    await other.delay(60_000)
    await setup.pass(15_000)
    await until(setup, () => registration.state === 'registered', 'it is registered')
    assert.equal(etcd.revision, revision)
    await settles(setup, Promise.resolve(registrar[Symbol.asyncDispose]()), 'it ends')
  })
})
