// Tests of session.ts, over real sockets and virtual time.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryZookeeper, type MemoryZookeeperOptions } from '../../../test/discovery/memory-zookeeper.ts'
import { TcpFront } from '../../../test/discovery/tcp-front.ts'
import { seededRandom } from '../../primitives/random.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { worldAcl } from './acl.ts'
import { checkedConnection, type ZookeeperConnectionOptions } from './connection.ts'
import type { Link } from './link.ts'
import { addNode, exists } from './operation.ts'
import { Session } from './session.ts'

const { signal } = new AbortController()
const node = { path: '/a', data: Buffer.alloc(0), acl: worldAcl, mode: 'ephemeral' } as const

async function open(keep: boolean, options: ZookeeperConnectionOptions & MemoryZookeeperOptions = {}) {
  await using stack = new AsyncDisposableStack()
  const clock = manualClock()
  const zookeeper = stack.use(await MemoryZookeeper.open(clock, options))
  const front = stack.use(await TcpFront.open({ host: '127.0.0.1', port: zookeeper.port }, clock))
  const heard: string[] = []
  const links: Link[] = []
  const checked = checkedConnection({
    clock,
    servers: front.address,
    sessionTimeoutMs: 4_000,
    random: seededRandom(1),
    ...options,
  })
  const listener = {
    onConnect: (link: Link) => {
      links.push(link)
      heard.push('connected')
    },
    onEvent: () => heard.push('event'),
    onDisconnect: () => heard.push('disconnected'),
    onLost: () => heard.push('lost'),
  }
  const session = stack.adopt(new Session(checked, listener, { keep }), (each) => each.close())
  const moved = stack.move()
  return {
    clock,
    zookeeper,
    front,
    heard,
    links,
    session,
    /** Lets time pass in small steps, and what comes over sockets happen. */
    pass: async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 100) {
        await clock.advance(100)
        for (let turn = 0; turn < 20; turn++) await clock.settle()
      }
    },
    [Symbol.asyncDispose]: () => moved[Symbol.asyncDispose](),
  }
}

describe('a session', { timeout: 30_000 }, () => {
  it('serves all who ask at once with one connection', async () => {
    await using test = await open(false)
    const links = await Promise.all([1, 2, 3].map(() => test.session.connect(signal)))
    assert.deepEqual([new Set(links).size, test.front.came, test.heard], [1, 1, ['connected']])
    assert.equal(test.session.id, links[0]?.sessionId)
    assert.equal(await test.session.connect(signal), links[0])
  })

  it('that is not kept connects again when it is asked to, and is the same', async () => {
    await using test = await open(false)
    const first = await test.session.connect(signal)
    await first.request(addNode(node))
    test.front.cut()
    await eventually(() => test.heard.includes('disconnected'))
    await test.pass(1_000)
    assert.equal(test.front.came, 1)
    const second = await test.session.connect(signal)
    assert.equal(second.sessionId, first.sessionId)
    assert.equal((await second.request(exists('/a', false)))?.ephemeralOwner, second.sessionId)
    assert.deepEqual(test.heard, ['connected', 'disconnected', 'connected'])
  })

  it('that is kept connects again by itself, and lives through an outage that is shorter than it', async () => {
    await using test = await open(true)
    const { id } = await test.session.connect(signal).then(() => test.session)
    await test.front.stop()
    await test.pass(2_000)
    await test.front.start()
    await test.pass(1_500)
    await eventually(() => test.links.length === 2)
    assert.equal(test.session.id, id)
    assert.deepEqual(test.heard, ['connected', 'disconnected', 'connected'])
  })

  it('is another one when the ensemble has forgotten it', async () => {
    await using test = await open(true)
    const { sessionId } = await test.session.connect(signal)
    await test.pass(1_000)
    test.zookeeper.expire(sessionId)
    test.front.cut()
    await eventually(() => test.links.length === 2)
    assert.notEqual(test.session.id, sessionId)
    assert.deepEqual(test.heard, ['connected', 'disconnected', 'lost', 'connected'])
  })

  it('may be lost when nobody was reached for all its time, and goes on when it was not', async () => {
    await using test = await open(true)
    const { sessionId } = await test.session.connect(signal)
    await test.front.stop()
    await test.pass(3_900)
    assert.deepEqual(test.heard, ['connected', 'disconnected'])
    await test.pass(200)
    assert.deepEqual(test.heard, ['connected', 'disconnected', 'lost'])
    // As after an outage of the whole ensemble, which counts no time meanwhile.
    const never = { cancel() {} }
    test.zookeeper.sessions.set(sessionId, { id: sessionId, timeoutMs: 4_000, timer: never })
    await test.front.start()
    await test.pass(2_000)
    await eventually(() => test.links.length === 2)
    assert.equal(test.session.id, sessionId)
  })

  it('begins anew with an ensemble that has lost its memory, and refuses it for ever', async () => {
    await using test = await open(true)
    const link = await test.session.connect(signal)
    for (let count = 0; count < 5; count++) await link.request(addNode({ ...node, path: `/a${count}` }))
    test.zookeeper.loseMemory()
    await test.pass(3_000)
    assert.equal(test.links.length, 1)
    await test.pass(6_000)
    // Told when its time is over, and when it is given up: then nothing depends on it any more.
    assert.deepEqual(test.heard, ['connected', 'disconnected', 'lost', 'lost'])
    assert.equal(test.session.id, 0n)
    const [again] = await Promise.all([test.session.connect(signal), test.pass(2_000)])
    assert.equal(await again.request(exists('/a1', false)), undefined)
  })

  it('asks no more often than its back-off allows, whoever waits', async () => {
    await using test = await open(true)
    await test.session.connect(signal)
    await test.front.garble(true)
    for (let second = 0; second < 60; second++) {
      const waiting = Array.from({ length: 20 }, () => test.session.connect(signal).catch(() => {}))
      await test.pass(1_000)
      void waiting
    }
    // A quarter of its time at most, and a fifth less by chance.
    assert.ok(test.front.came < 90 && test.front.came > 45, `${test.front.came} came`)
  })

  it('does not hurry back to a server that takes it and lets it fall', async () => {
    await using test = await open(true)
    await test.session.connect(signal)
    for (let round = 0; round < 300; round++) {
      test.front.cut()
      await test.pass(100)
    }
    assert.ok(test.front.came < 50, `${test.front.came} came`)
  })

  it('tries one server after the other, and says what each had to say', async () => {
    await using gone = await open(false)
    const dead = gone.front.address
    await gone.front.stop()
    await using other = await open(false)
    for (const servers of [`${dead},${other.front.address}`, `${other.front.address},${dead}`]) {
      await using test = await open(false, { servers })
      for (let turn = 0; turn < 3; turn++) {
        const link = await test.session.connect(signal)
        link.destroy()
      }
      assert.equal(test.heard.filter((each) => each === 'connected').length, 3)
    }
    await using both = await open(false, { servers: `${dead},${dead}` })
    await assert.rejects(both.session.connect(signal), {
      code: 'unavailable',
      message: new RegExp(
        `^zookeeper at ${dead},${dead} cannot be used: ${dead}: connect ECONNREFUSED .*; ${dead}: connect`,
      ),
    })
  })

  it('says it as the servers do when all say the same', async () => {
    await using test = await open(false, { user: 'a', password: 'hush' })
    test.zookeeper.auth = 'a:other'
    await assert.rejects(test.session.connect(signal), {
      code: 'unauthenticated',
      message: /^zookeeper at .* cannot be used: user a: /,
    })
  })

  it('lets go of one who waits no longer, and not of others', async () => {
    await using test = await open(false)
    await test.front.delay(1_000)
    const ending = new AbortController()
    const leaving = test.session.connect(ending.signal)
    const staying = test.session.connect(signal)
    ending.abort(new Error('enough'))
    await assert.rejects(leaving, { message: 'enough' })
    await test.pass(1_800)
    await test.front.delay(0)
    assert.equal((await staying).sessionId, test.session.id)
  })

  it('is dropped without being ended', async () => {
    await using test = await open(false)
    await test.session.connect(signal)
    await test.session.drop()
    assert.deepEqual([test.zookeeper.sessions.size, test.heard], [1, ['connected', 'disconnected']])
  })

  it('is closed for good, whatever it does', async () => {
    for (const keep of [true, false]) {
      await using test = await open(keep)
      await test.session.connect(signal)
      await Promise.all([test.session.close(), test.session.close()])
      assert.equal(test.zookeeper.sessions.size, 0)
      await eventually(() => test.front.sockets.size === 0)
      await assert.rejects(test.session.connect(signal), { code: 'canceled' })
      assert.equal(test.clock.pending, 0)
    }
    await using opening = await open(true)
    await opening.front.delay(1_000)
    const connecting = assert.rejects(opening.session.connect(signal), { code: 'canceled' })
    await eventually(() => opening.front.sockets.size === 1)
    await opening.session.close()
    await connecting
    await eventually(() => opening.front.sockets.size === 0)
    await using waiting = await open(true)
    await waiting.session.connect(signal)
    await waiting.front.stop()
    await waiting.pass(500)
    await waiting.session.close()
    // But for what the server has planned.
    await eventually(() => waiting.clock.pending === 1)
  })
})
