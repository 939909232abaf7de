// Tests of link.ts, over real sockets and virtual time.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, it } from 'node:test'
import { MemoryZookeeper, type MemoryZookeeperOptions } from '../../../test/discovery/memory-zookeeper.ts'
import { TcpFront } from '../../../test/discovery/tcp-front.ts'
import { TestLink } from '../../../test/discovery/zookeeper-link.ts'
import { seededRandom } from '../../primitives/random.ts'
import { eventually } from '../../testing/eventually.ts'
import { manualClock } from '../../testing/manual-clock.ts'
import { worldAcl } from './acl.ts'
import { addNode, exists, getChildren, getData, setData } from './operation.ts'

const node = (path: string) => ({ path, data: Buffer.from('d'), acl: worldAcl, mode: 'ephemeral' as const })

async function open(options: MemoryZookeeperOptions = {}) {
  const clock = manualClock()
  const zookeeper = await MemoryZookeeper.open(clock, options)
  return { clock, zookeeper, servers: zookeeper.servers, [Symbol.asyncDispose]: () => zookeeper[Symbol.asyncDispose]() }
}

describe('a link', { timeout: 30_000 }, () => {
  it('is granted a session, asks, and is answered in order', async () => {
    await using peer = await open({ timeoutsMs: [4_000, 40_000] })
    await using test = new TestLink({ ...peer, sessionTimeoutMs: 1_000 })
    assert.deepEqual((await test.link.opened)?.timeoutMs, 4_000)
    const replies = await Promise.all([
      test.link.request(addNode(node('/a'))),
      test.link.request(addNode(node('/a'))),
      test.link.request(addNode(node('/b/c'))),
      test.link.request(getChildren('/', false)),
      test.link.request(exists('/b', false)),
    ])
    assert.deepEqual(replies, ['created', 'exists', 'parentless', ['a'], undefined])
    assert.equal((await test.link.request(getData('/a', false)))?.stat.ephemeralOwner, test.link.sessionId)
    assert.equal(test.link.lastZxid, peer.zookeeper.nodes.zxid)
    await assert.rejects(test.link.request(addNode(node('/a/b'))), { code: 'failed_precondition' })
  })

  it('tells what its watches tell, each once', async () => {
    await using peer = await open()
    await using test = await TestLink.open(peer)
    await test.link.request(exists('/a', true))
    await test.link.request(getChildren('/', true))
    peer.zookeeper.nodes.create('/a', Buffer.alloc(0), 0n)
    peer.zookeeper.nodes.write('/a', Buffer.alloc(1))
    await eventually(() => test.events.length === 2)
    assert.deepEqual(test.events, [
      { kind: 'created', path: '/a' },
      { kind: 'children', path: '/' },
    ])
    assert.equal(peer.zookeeper.nodes.watches, 0)
  })

  it('beats for as long as it is there, and is over when nothing answers that', async () => {
    await using peer = await open()
    await using test = await TestLink.open({ ...peer, sessionTimeoutMs: 9_000 })
    for (let beats = 1; beats <= 6; beats++) {
      await peer.clock.advance(3_000)
      await eventually(() => peer.zookeeper.beats === beats)
      await test.link.request(exists('/', false))
    }
    peer.zookeeper.isMute = true
    const refused = { code: 'unavailable', message: `${peer.servers}: it was silent for 6s` }
    const asking = assert.rejects(test.link.request(exists('/a', false)), refused)
    await peer.clock.advance(6_000)
    await asking
    assert.equal(test.ends.length, 1)
    await assert.rejects(test.link.request(exists('/a', false)), { message: /it was silent for 6s/ })
    assert.ok(peer.zookeeper.sessions.size === 1, 'the session goes on')
  })

  it('is over when a request hangs, although heart-beats are answered', async () => {
    await using peer = await open()
    await using test = await TestLink.open({ ...peer, sessionTimeoutMs: 9_000 })
    peer.zookeeper.isStuck = true
    const asking = assert.rejects(test.link.request(exists('/a', false)), { message: /it was silent for 6s/ })
    await peer.clock.advance(3_000)
    await eventually(() => peer.zookeeper.beats === 1)
    await peer.clock.advance(3_000)
    await asking
  })

  it('gives up a server that grants nothing in time', async () => {
    await using peer = await open()
    peer.zookeeper.isMute = true
    await using test = new TestLink({ ...peer, connectTimeoutMs: 700 })
    await eventually(() => peer.zookeeper.sockets.size === 1)
    await peer.clock.advance(700)
    await assert.rejects(test.link.opened, {
      code: 'unavailable',
      message: `${peer.servers}: it granted no session within 700ms`,
    })
    assert.equal(peer.clock.pending, 0)
    await eventually(() => peer.zookeeper.sockets.size === 0)
  })

  it('takes a session along, unless that is none any more', async () => {
    await using peer = await open()
    await using first = await TestLink.open(peer)
    const ticket = await first.link.opened
    await first.link.request(addNode(node('/a')))
    first.link.destroy()
    await using second = new TestLink(peer, ticket)
    assert.equal((await second.link.opened)?.id, ticket?.id)
    assert.equal((await second.link.request(exists('/a', false)))?.ephemeralOwner, second.link.sessionId)
    peer.zookeeper.expire(ticket?.id ?? 0n)
    await using third = new TestLink(peer, ticket)
    assert.equal(await third.link.opened, undefined)
    assert.match(third.link.error?.message ?? '', /the session has expired/)
    assert.deepEqual([third.ends.length, third.link.wasRefusedInSilence], [1, false])
  })

  it('notices that it was refused without a word', async () => {
    await using peer = await open()
    await using test = new TestLink(peer, undefined, 99n)
    await assert.rejects(test.link.opened, { message: `${peer.servers}: the server closed the connection` })
    assert.equal(test.link.wasRefusedInSilence, true)
  })

  it('refuses a server that may only be read', async () => {
    await using peer = await open({ readOnly: true })
    await using test = new TestLink(peer)
    await assert.rejects(test.link.opened, { message: `${peer.servers}: it is read-only, as it has lost its quorum` })
  })

  it('says who it is before it asks anything', async () => {
    await using peer = await open()
    peer.zookeeper.auth = 'ada:hush'
    await using welcome = await TestLink.open({ ...peer, user: 'ada', password: 'hush' })
    assert.deepEqual(await welcome.link.request(getChildren('/', false)), [])
    await using stranger = new TestLink({ ...peer, user: 'ada', password: 'secret' })
    await assert.rejects(
      stranger.link.opened,
      ({ code, message }: { code: string; message: string }) =>
        code === 'unauthenticated' && message.startsWith('user ada: ') && !message.includes('secret'),
    )
  })

  it('closes its session, and leaves nothing', async () => {
    await using peer = await open()
    await using test = await TestLink.open(peer)
    await test.link.request(addNode(node('/a')))
    const asking = test.link.request(exists('/a', true))
    const closing = test.link.close(1_000)
    await assert.rejects(asking, { message: /the session was closed/ })
    await closing
    assert.deepEqual([peer.zookeeper.sessions.size, peer.zookeeper.nodes.children('/')], [0, []])
    assert.equal(peer.clock.pending, 0)
    await assert.rejects(test.link.request(exists('/a', true)), { message: /the session was closed/ })
  })

  it('waits no longer than it is told to for what a server says to its end', async () => {
    await using peer = await open()
    await using test = await TestLink.open(peer)
    peer.zookeeper.isMute = true
    const closing = test.link.close(300)
    await peer.clock.advance(300)
    await closing
    assert.equal(test.ends.length, 1)
  })

  it('is over when its session is', async () => {
    await using peer = await open()
    await using test = await TestLink.open(peer)
    peer.zookeeper.expire(test.link.sessionId)
    await assert.rejects(test.link.request(exists('/a', false)), {
      message: 'exists /a: the session has expired (-112)',
    })
    assert.equal(test.ends.length, 1)
  })

  it('sends nothing that is too large, and goes on', async () => {
    await using peer = await open()
    await using test = await TestLink.open({ ...peer, maxPacketBytes: 1_024 })
    await assert.rejects(test.link.request(setData('/a', Buffer.alloc(2_000))), { code: 'invalid_argument' })
    assert.deepEqual(await test.link.request(getChildren('/', false)), [])
    for (let count = 0; count < 200; count++) peer.zookeeper.nodes.create(`/node-${count}`, Buffer.alloc(0), 0n)
    await assert.rejects(test.link.request(getChildren('/', false)), {
      message: /it sent a packet of \d+ bytes, but maxPacketBytes is 1024/,
    })
  })

  it('is over when it is told what makes no sense, and nobody waits for ever', async () => {
    await using peer = await open()
    await using front = await TcpFront.open({ host: '127.0.0.1', port: peer.zookeeper.port }, peer.clock)
    await using test = await TestLink.open({ servers: front.address, clock: peer.clock })
    const asking = test.link.request(exists('/a', false))
    await front.garble(true)
    await assert.rejects(asking, { code: 'unavailable', message: /: it sent a packet of 1213486160 bytes/ })
  })

  it('survives whatever bytes a server sends', async () => {
    const random = seededRandom('bytes')
    for (let round = 0; round < 60; round++) {
      const bytes = Buffer.from(Array.from({ length: 4 + Math.floor(random() * 80) }, () => Math.floor(random() * 256)))
      // Mostly with a length that could be.
      if (round % 3 > 0) bytes.writeInt32BE(Math.floor(random() * 40), 0)
      const clock = manualClock()
      const server = createServer((socket) => void socket.on('error', () => {}).end(bytes)).listen(0, '127.0.0.1')
      await once(server, 'listening')
      await using test = new TestLink({ clock, servers: `127.0.0.1:${(server.address() as AddressInfo).port}` })
      const asking = test.link.opened.then(() => test.link.request(exists('/a', true)))
      await Promise.allSettled([asking, test.link.opened])
      await eventually(() => test.ends.length === 1)
      assert.equal(clock.pending, 0)
      server.close()
    }
  })
})
