// Tests of service-nodes.ts, with a ZooKeeper in memory: what is read, and what is not read again.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryZookeeper } from '../../../test/discovery/memory-zookeeper.ts'
import { TestLink } from '../../../test/discovery/zookeeper-link.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import type { LeftOutEvent } from '../left-out-event.ts'
import { ServiceNodes } from './service-nodes.ts'

const path = '/services/orders'

async function open() {
  await using stack = new AsyncDisposableStack()
  const clock = manualClock()
  const zookeeper = stack.use(await MemoryZookeeper.open(clock))
  const leftOut: LeftOutEvent[] = []
  const nodes = new ServiceNodes('lookup', path, (event) => leftOut.push(event))
  const connect = () => TestLink.open({ clock, servers: zookeeper.servers })
  let test = stack.use(await connect())
  nodes.begin(1n)
  const moved = stack.move()
  let noted = 0
  return {
    clock,
    zookeeper,
    leftOut,
    nodes,
    read: () => nodes.read(test.link),
    /** What happens meanwhile is not told. */
    async reconnect(sessionId = 1n) {
      test = moved.use(await connect())
      noted = 0
      nodes.begin(sessionId)
    },
    put: (name: string, text = `10.0.0.${name}:80`) => {
      zookeeper.nodes.ensure(path)
      const each = `${path}/${name}`
      if (zookeeper.nodes.children(path).includes(name)) zookeeper.nodes.write(each, Buffer.from(text))
      else zookeeper.nodes.create(each, Buffer.from(text), 0n)
    },
    /** What is asked by what is done. */
    async asking(run: () => Promise<unknown>) {
      const before = zookeeper.asked.length
      await run()
      return zookeeper.asked.slice(before)
    },
    /** Notes what watches tell, as soon as it has come. */
    async told(count: number) {
      await eventually(() => test.events.length - noted >= count)
      for (; noted < test.events.length; noted++) nodes.note(test.events[noted] as never)
    },
    addresses: async () => (await nodes.read(test.link)).map(({ address }) => address),
    [Symbol.asyncDispose]: () => moved[Symbol.asyncDispose](),
  }
}

describe('the nodes of a service', () => {
  it('are none while there is no node of it, whose coming is watched', async () => {
    await using test = await open()
    assert.deepEqual(await test.addresses(), [])
    assert.equal(test.nodes.areCurrent, true)
    test.put('1')
    await test.told(1)
    assert.equal(test.nodes.areCurrent, false)
    assert.deepEqual(await test.addresses(), ['10.0.0.1:80'])
    // And its going, too.
    test.zookeeper.nodes.remove(`${path}/1`)
    test.zookeeper.nodes.remove(path)
    await test.told(2)
    assert.deepEqual(await test.addresses(), [])
    test.put('2')
    await test.told(1)
    assert.deepEqual(await test.addresses(), ['10.0.0.2:80'])
  })

  it('are each read once: of many only what comes or changes', async () => {
    await using test = await open()
    for (let n = 1; n <= 200; n++) test.put(String(n))
    assert.equal((await test.addresses()).length, 200)
    test.put('201')
    await test.told(1)
    assert.deepEqual(await test.asking(test.addresses), [`12 ${path}`, `4 ${path}/201`])
    test.put('7', '10.9.9.9:80')
    await test.told(1)
    assert.deepEqual(await test.asking(test.addresses), [`4 ${path}/7`])
    assert.equal((await test.addresses()).includes('10.9.9.9:80'), true)
    test.zookeeper.nodes.remove(`${path}/9`)
    await test.told(2)
    assert.deepEqual(await test.asking(test.addresses), [`12 ${path}`])
    assert.equal((await test.addresses()).length, 200)
    assert.deepEqual(await test.asking(test.addresses), [])
  })

  it('are watched again on another link, and read only where they have changed', async () => {
    await using test = await open()
    for (const name of ['1', '2', '3']) test.put(name)
    await test.addresses()
    test.put('2', '10.9.9.9:80')
    test.zookeeper.nodes.remove(`${path}/3`)
    test.put('3', '10.0.0.33:80')
    await test.reconnect()
    const asked = await test.asking(test.addresses)
    assert.deepEqual(asked, [`12 ${path}`, `3 ${path}/1`, `3 ${path}/2`, `3 ${path}/3`, `4 ${path}/2`, `4 ${path}/3`])
    assert.deepEqual(await test.addresses(), ['10.0.0.1:80', '10.9.9.9:80', '10.0.0.33:80'])
    test.put('1', '10.8.8.8:80')
    await test.told(1)
    assert.ok((await test.addresses()).includes('10.8.8.8:80'))
  })

  it('are all read in another session, to which numbers of before mean nothing', async () => {
    await using test = await open()
    test.put('1')
    await test.addresses()
    await test.reconnect(2n)
    assert.deepEqual(await test.asking(test.addresses), [`12 ${path}`, `4 ${path}/1`])
  })

  it('are read again when a watch tells of them while they are read', async () => {
    await using test = await open()
    test.put('1')
    const happen = () => {
      test.nodes.note({ kind: 'changed', path: `${path}/1` })
      test.nodes.note({ kind: 'children', path })
    }
    await test.read()
    for (const asked of [[`4 ${path}/1`], [`12 ${path}`, `4 ${path}/1`], [`12 ${path}`, `4 ${path}/1`]]) {
      test.nodes.note({ kind: 'changed', path: `${path}/1` })
      const reading = test.asking(test.read)
      happen()
      assert.deepEqual(await reading, asked)
      assert.equal(test.nodes.areCurrent, false)
    }
    await test.read()
    assert.equal(test.nodes.areCurrent, true)
  })

  it('that make no sense are left out, and told once for what they say', async () => {
    await using test = await open()
    test.put('1')
    test.put('2', 'nonsense')
    assert.deepEqual(await test.addresses(), ['10.0.0.1:80'])
    assert.deepEqual(
      test.leftOut.map((event) => event.entry),
      [`${path}/2`],
    )
    assert.match(test.leftOut[0]?.error.message ?? '', /^address must be host:port/)
    test.put('3')
    await test.told(1)
    await test.addresses()
    await test.reconnect()
    await test.addresses()
    assert.equal(test.leftOut.length, 1)
    test.put('2', '10.0.0.2:80')
    await test.told(1)
    assert.deepEqual(await test.addresses(), ['10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80'])
  })

  it('are not known when all of them make no sense, and are none when all are out of service', async () => {
    await using test = await open()
    test.put('1', '{"address":"a","port":1,"enabled":false}')
    assert.deepEqual(await test.addresses(), [])
    test.put('1', 'nonsense')
    await test.told(1)
    await assert.rejects(test.addresses(), {
      code: 'internal',
      message: /^none of 1 nodes below \/services\/orders is an instance: address must be/,
    })
  })
})
