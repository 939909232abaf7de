// Tests of instancer.ts, beside the suite of all instancers.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryZookeeper } from '../../../test/discovery/memory-zookeeper.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { type ZookeeperInstancerOptions, zookeeperInstancer } from './instancer.ts'

const path = '/app/services/orders'

async function open(options: Partial<ZookeeperInstancerOptions> = {}) {
  await using stack = new AsyncDisposableStack()
  const clock = manualClock()
  const zookeeper = stack.use(await MemoryZookeeper.open(clock))
  const instancer = stack.use(
    zookeeperInstancer({ service: 'orders', servers: `${zookeeper.servers}/app`, clock, recoveryMs: 0, ...options }),
  )
  const moved = stack.move()
  return {
    clock,
    zookeeper,
    instancer,
    put: (name: string, text: string) => {
      zookeeper.nodes.ensure(path)
      zookeeper.nodes.create(`${path}/${name}`, Buffer.from(text), 0n)
    },
    knows: (...ids: readonly string[]) =>
      eventually(() => {
        assert.equal(instancer.current.error, undefined)
        assert.deepEqual(
          instancer.current.instances?.map(({ id }) => id),
          ids,
        )
      }),
    [Symbol.asyncDispose]: () => moved[Symbol.asyncDispose](),
  }
}

describe('zookeeperInstancer', { timeout: 30_000 }, () => {
  it('says what it looks up, and where', () => {
    const { name } = zookeeperInstancer({ service: 'a/b', servers: ['zk1', 'zk2:2182'], chroot: '/app' })
    assert.equal(name, 'a/b in zookeeper at zk1:2181,zk2:2182/app')
  })

  it('finds what Go kit, Curator and Spring Cloud announce', async () => {
    await using test = await open()
    test.put('_c_9a0364b9-orders0000000003', '10.0.0.1:8080')
    test.put('u1', '{"name":"orders","id":"u1","address":"10.0.0.2","port":8080,"payload":null}')
    test.put(
      'u2',
      '{"name":"orders","id":"u2","address":"10.0.0.3","port":8080,"payload":{"metadata":{"instance_status":"OUT_OF_SERVICE"}}}',
    )
    test.instancer.subscribe(() => {})
    await test.knows('_c_9a0364b9-orders0000000003', 'u1')
    assert.deepEqual(
      test.instancer.current.instances?.map(({ address }) => address),
      ['10.0.0.1:8080', '10.0.0.2:8080'],
    )
  })

  it('goes on in its session after a cut, and asks only what it does not know', async () => {
    await using test = await open({ backoff: { initialMs: 100, jitter: 'none' } })
    for (const name of ['a', 'b', 'c']) test.put(name, '10.0.0.1:80')
    test.instancer.subscribe(() => {})
    await test.knows('a', 'b', 'c')
    const [asked, sessions] = [test.zookeeper.asked.length, [...test.zookeeper.sessions.keys()]]
    test.zookeeper.cut()
    await eventually(() => test.instancer.current.error !== undefined)
    assert.match(test.instancer.current.error?.message ?? '', /^127\.0\.0\.1:\d+: /)
    test.put('d', '10.0.0.1:80')
    await test.clock.advance(100)
    await test.knows('a', 'b', 'c', 'd')
    assert.deepEqual([...test.zookeeper.sessions.keys()], sessions)
    assert.deepEqual(test.zookeeper.asked.slice(asked), [
      `12 ${path}`,
      ...['a', 'b', 'c'].map((name) => `3 ${path}/${name}`),
      `4 ${path}/d`,
    ])
  })

  it('reads all again when the ensemble has lost its memory, also where numbers are the same', async () => {
    await using test = await open({ backoff: { initialMs: 100, jitter: 'none' } })
    test.put('a', '10.0.0.1:80')
    test.instancer.subscribe(() => {})
    await test.knows('a')
    test.zookeeper.loseMemory()
    test.put('a', '10.0.0.2:80')
    // So that it does not refuse.
    test.zookeeper.nodes.zxid += 100n
    await eventually(() => test.instancer.current.error !== undefined)
    await test.clock.advance(100)
    await eventually(() => test.instancer.current.instances?.[0]?.address === '10.0.0.2:80')
  })

  it('ends its session with the last subscriber', async () => {
    await using test = await open()
    const subscription = test.instancer.subscribe(() => {})
    await test.knows()
    assert.equal(test.zookeeper.sessions.size, 1)
    subscription[Symbol.dispose]()
    await eventually(() => test.zookeeper.sessions.size === 0 && test.zookeeper.sockets.size === 0)
    await eventually(() => test.clock.pending === 0)
    test.instancer.subscribe(() => {})
    await eventually(() => test.zookeeper.sessions.size === 1)
  })

  it('tells of nodes that make no sense, and fails when no other is there', async () => {
    const leftOut: string[] = []
    await using test = await open({ onLeftOut: ({ entry: each }) => leftOut.push(each) })
    test.put('a', 'nonsense')
    test.instancer.subscribe(() => {})
    await eventually(() => test.instancer.current.error !== undefined)
    assert.match(
      test.instancer.current.error?.message ?? '',
      /^none of 1 nodes below \/app\/services\/orders is an instance/,
    )
    assert.deepEqual(leftOut, [`${path}/a`])
    await eventually(() => test.zookeeper.sockets.size === 0)
  })

  it('refuses options that make no sense', () => {
    assert.throws(() => zookeeperInstancer({ service: '' }), { name: 'TypeError', message: 'service must be a text' })
    assert.throws(() => zookeeperInstancer({ service: 'a', path: 'b' }), /^TypeError: path must be/)
    assert.throws(() => zookeeperInstancer({ service: 'a', recoveryMs: -1 }), /^RangeError: recoveryMs/)
  })
})
