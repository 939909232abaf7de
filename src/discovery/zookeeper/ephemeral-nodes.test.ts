// Tests of ephemeral-nodes.ts, with a ZooKeeper in memory: what is there when answers are lost, sessions end, and others interfere.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryZookeeper } from '../../../test/discovery/memory-zookeeper.ts'
import { TcpFront } from '../../../test/discovery/tcp-front.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { worldAcl } from './acl.ts'
import { checkedConnection } from './connection.ts'
import { EphemeralNodes } from './ephemeral-nodes.ts'
import { Session } from './session.ts'

const placeOf = (name: string, address = '10.0.0.1:80') => ({
  path: `/s/${name}`,
  data: Buffer.from(`{"id":"${name}","address":"${address}"}`),
  address,
  acl: worldAcl,
})

async function open() {
  await using stack = new AsyncDisposableStack()
  const clock = manualClock()
  const zookeeper = stack.use(await MemoryZookeeper.open(clock))
  zookeeper.nodes.ensure('/s')
  const front = stack.use(await TcpFront.open({ host: '127.0.0.1', port: zookeeper.port }, clock))
  const checked = checkedConnection({ servers: front.address, clock, sessionTimeoutMs: 4_000 })
  const nodes = stack.adopt(new EphemeralNodes((listener) => new Session(checked, listener, { keep: true })), (each) =>
    each.close(),
  )
  const moved = stack.move()
  return {
    clock,
    zookeeper,
    front,
    nodes,
    names: () => zookeeper.nodes.children('/s'),
    announce: (name: string, address?: string, ending = new AbortController()) =>
      nodes.announce(placeOf(name, address), ending.signal),
    pass: async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 100) {
        await clock.advance(100)
        for (let turn = 0; turn < 20; turn++) await clock.settle()
      }
    },
    [Symbol.asyncDispose]: () => moved[Symbol.asyncDispose](),
  }
}

const { signal } = new AbortController()
const isLost = async (lost: Promise<unknown> | undefined) => {
  let settled = false
  void lost?.then(() => {
    settled = true
  })
  await eventually(() => settled)
}

describe('ephemeral nodes', { timeout: 30_000 }, () => {
  it('are one each, although the answer to what made it was lost', async () => {
    await using test = await open()
    await test.announce('other')
    const withdraws: ((each: AbortSignal) => Promise<void>)[] = []
    const ending = new AbortController()
    test.zookeeper.loseAnswerTo = 1
    const announcing = test.nodes.announce(placeOf('a'), ending.signal, (withdraw) => withdraws.push(withdraw))
    await assert.rejects(announcing, { code: 'unavailable' })
    ending.abort(new Error('the request is over'))
    assert.equal(withdraws.length, 1)
    await test.pass(1_000)
    const announcement = await test.announce('a')
    assert.deepEqual(test.names(), ['other', 'a'])
    await announcement.withdraw(signal)
    assert.deepEqual(test.names(), ['other'])
  })

  it('are taken back where nobody knows whether they are there', async () => {
    await using test = await open()
    await test.announce('other')
    let taken: ((each: AbortSignal) => Promise<void>) | undefined
    const ending = new AbortController()
    test.zookeeper.loseAnswerTo = 1
    const announcing = test.nodes.announce(placeOf('a'), ending.signal, (withdraw) => {
      taken = withdraw
    })
    await assert.rejects(announcing)
    ending.abort(new Error('the request is over'))
    await Promise.all([taken?.(signal), test.pass(1_000)])
    assert.deepEqual(test.names(), ['other'])
  })

  it('are not in doubt when the server said no', async () => {
    await using test = await open()
    test.zookeeper.nodes.create('/s/a', placeOf('a').data, 0n)
    const ending = new AbortController()
    let doubts = 0
    await assert.rejects(
      test.nodes.announce(placeOf('a'), ending.signal, () => doubts++),
      { code: 'already_exists' },
    )
    ending.abort(new Error('the request is over'))
    assert.equal(doubts, 0)
    await eventually(() => test.zookeeper.sessions.size === 0, 1_000)
  })

  it('outlive their connection, and are lost with their session', async () => {
    await using test = await open()
    const { lost } = await test.announce('a')
    const [id] = [...test.zookeeper.sessions.keys()]
    test.front.cut()
    await test.pass(1_500)
    assert.deepEqual([test.names(), [...test.zookeeper.sessions.keys()]], [['a'], [id]])
    test.zookeeper.expire(id as bigint)
    await isLost(lost)
    await test.pass(1_000)
    await test.announce('a')
    assert.deepEqual(test.names(), ['a'])
  })

  it('are lost when somebody removes them, and not when somebody writes them', async () => {
    await using test = await open()
    const { lost, withdraw } = await test.announce('a')
    let told = 0
    void lost?.then(() => told++)
    await eventually(() => test.zookeeper.nodes.watches === 1)
    test.zookeeper.nodes.write('/s/a', Buffer.from('{"id":"a","address":"10.0.0.1:80","weight":0}'))
    await eventually(
      () => test.zookeeper.nodes.watches === 1 && test.zookeeper.asked.filter((each) => each === '3 /s/a').length === 2,
    )
    assert.equal(told, 0)
    test.zookeeper.nodes.remove('/s/a')
    await isLost(lost)
    await withdraw(signal)
    assert.deepEqual(test.names(), [])
    await eventually(() => test.zookeeper.sessions.size === 0)
  })

  it('are lost when somebody removes them also after a session before has ended late', async () => {
    await using test = await open()
    const first = await test.announce('a')
    // The server of the first session says nothing to its end, and its connection is ended after a while.
    test.zookeeper.hangsAtClose = true
    const withdrawing = first.withdraw(signal)
    await eventually(() => test.zookeeper.hungCloses === 1)
    test.zookeeper.hangsAtClose = false
    const { lost } = await test.announce('a')
    await Promise.all([withdrawing, test.pass(600)])
    await eventually(() => test.zookeeper.nodes.watches === 1)
    test.zookeeper.nodes.remove('/s/a')
    await isLost(lost)
  })

  it('may be lost when nobody was reached for a whole session', async () => {
    await using test = await open()
    const { lost } = await test.announce('a')
    await test.front.stop()
    await test.pass(4_100)
    await isLost(lost)
  })

  it('that are claimed twice go with the later claim', async () => {
    await using test = await open()
    const first = await test.announce('a', '10.0.0.1:80')
    const second = await test.announce('a', '10.0.0.2:80')
    await first.withdraw(signal)
    assert.match(String(test.zookeeper.nodes.find('/s/a').data), /10\.0\.0\.2/)
    await second.withdraw(signal)
    assert.deepEqual(test.names(), [])
  })

  it('that are claimed twice are lost to the earlier claim when the later one is withdrawn', async () => {
    await using test = await open()
    const first = await test.announce('a', '10.0.0.1:80')
    const second = await test.announce('a', '10.0.0.2:80')
    await second.withdraw(signal)
    await isLost(first.lost)
  })

  it('that could not be removed are removed as soon as they can be, for others keep the session', async () => {
    await using test = await open()
    await test.announce('stays')
    const { withdraw } = await test.announce('goes')
    await test.front.stop()
    const ending = new AbortController()
    const withdrawing = assert.rejects(withdraw(ending.signal))
    await test.pass(500)
    ending.abort(new Error('late'))
    await withdrawing
    await test.front.start()
    await test.pass(1_500)
    assert.deepEqual(test.names(), ['stays'])
  })

  it('are removed on the next connection where one breaks meanwhile', async () => {
    await using test = await open()
    const { withdraw } = await test.announce('a')
    await test.announce('b')
    await test.pass(1_000)
    test.zookeeper.loseAnswerTo = 3
    await Promise.all([withdraw(signal), test.pass(1_000)])
    assert.deepEqual(test.names(), ['b'])
  })

  it('of another session are left alone', async () => {
    await using test = await open()
    const { withdraw } = await test.announce('a')
    await test.announce('b')
    test.zookeeper.nodes.remove('/s/a')
    test.zookeeper.nodes.create('/s/a', Buffer.from('10.0.0.1:80'), 77n)
    await withdraw(signal)
    assert.deepEqual(test.names(), ['b', 'a'])
  })

  it('are not made by one who was called off', async () => {
    await using test = await open()
    await test.front.delay(300)
    const ending = new AbortController()
    const announcing = test.announce('a', undefined, ending)
    ending.abort(new Error('enough'))
    await Promise.all([assert.rejects(announcing), test.pass(2_000)])
    assert.deepEqual(test.names(), [])
    await test.front.delay(0)
  })
})
