// Tests of take-place.ts, with a ZooKeeper in memory.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryZookeeper, type MemoryZookeeperOptions } from '../../../test/discovery/memory-zookeeper.ts'
import { TestLink } from '../../../test/discovery/zookeeper-link.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { worldAcl } from './acl.ts'
import { takePlace } from './take-place.ts'

const path = '/services/orders/a'
const placeOf = (address: string) => ({
  path,
  data: Buffer.from(`{"id":"a","address":"${address}"}`),
  address,
  acl: worldAcl,
})
const { signal } = new AbortController()

async function open(options?: MemoryZookeeperOptions) {
  await using stack = new AsyncDisposableStack()
  const clock = manualClock()
  const zookeeper = stack.use(await MemoryZookeeper.open(clock, options))
  const connect = async () => stack.use(await TestLink.open({ clock, servers: zookeeper.servers })).link
  const { link } = { link: await connect() }
  const moved = stack.move()
  return {
    zookeeper,
    link,
    connect: async () => moved.use(await TestLink.open({ clock, servers: zookeeper.servers })).link,
    node: () => zookeeper.nodes.find(path),
    [Symbol.asyncDispose]: () => moved[Symbol.asyncDispose](),
  }
}

describe('the place of an instance', () => {
  it('is made, with all above it', async () => {
    await using test = await open()
    await takePlace(test.link, placeOf('10.0.0.1:80'), signal)
    assert.equal(test.node().stat.ephemeralOwner, test.link.sessionId)
    assert.deepEqual(test.zookeeper.asked, [`1 ${path}`, '19 /services', '19 /services/orders', `1 ${path}`])
  })

  it('is made where servers know no containers', async () => {
    await using test = await open({ containers: false })
    await takePlace(test.link, placeOf('10.0.0.1:80'), signal)
    assert.equal(test.node().stat.ephemeralOwner, test.link.sessionId)
    assert.deepEqual(test.zookeeper.asked.slice(3), ['1 /services', '1 /services/orders', `1 ${path}`])
  })

  it('that is ours already stays, with what is said now', async () => {
    await using test = await open()
    await takePlace(test.link, placeOf('10.0.0.1:80'), signal)
    const { czxid, mzxid } = test.node().stat
    await takePlace(test.link, placeOf('10.0.0.1:80'), signal)
    assert.deepEqual([test.node().stat.czxid, test.node().stat.mzxid], [czxid, mzxid])
    await takePlace(test.link, placeOf('10.0.0.2:80'), signal)
    assert.deepEqual(
      [test.node().stat.czxid, test.node().data.toString()],
      [czxid, placeOf('10.0.0.2:80').data.toString()],
    )
  })

  it('is taken over from an earlier session at the same address', async () => {
    await using test = await open()
    await takePlace(test.link, placeOf('10.0.0.1:80'), signal)
    const later = await test.connect()
    await takePlace(later, placeOf('10.0.0.1:80'), signal)
    assert.equal(test.node().stat.ephemeralOwner, later.sessionId)
  })

  it('is not taken from another session at another address, nor from a node that stays', async () => {
    await using test = await open()
    await takePlace(test.link, placeOf('10.0.0.1:80'), signal)
    const later = await test.connect()
    await assert.rejects(takePlace(later, placeOf('10.0.0.2:80'), signal), {
      code: 'already_exists',
      message: `${path} is there, for an instance at 10.0.0.1:80, and goes with its session`,
    })
    assert.equal(test.node().stat.ephemeralOwner, test.link.sessionId)
    test.zookeeper.nodes.remove(path)
    test.zookeeper.nodes.create(path, placeOf('10.0.0.2:80').data, 0n)
    await assert.rejects(takePlace(later, placeOf('10.0.0.2:80'), signal), {
      message: /and stays until somebody removes it$/,
    })
    test.zookeeper.nodes.write(path, Buffer.from('?'))
    await assert.rejects(takePlace(later, placeOf('10.0.0.2:80'), signal), {
      message: /^\/services\/orders\/a is there, for something else,/,
    })
  })

  it('is left alone by one who has been called off', async () => {
    await using test = await open()
    const ending = new AbortController()
    const taking = takePlace(test.link, placeOf('10.0.0.1:80'), ending.signal)
    ending.abort(new Error('enough'))
    await assert.rejects(taking, { message: 'enough' })
    assert.deepEqual(test.zookeeper.asked, [`1 ${path}`])
  })

  it('cannot be made below an ephemeral node', async () => {
    await using test = await open()
    test.zookeeper.nodes.create('/services', Buffer.alloc(0), test.link.sessionId)
    await assert.rejects(takePlace(test.link, placeOf('10.0.0.1:80'), signal), { code: 'failed_precondition' })
  })
})
