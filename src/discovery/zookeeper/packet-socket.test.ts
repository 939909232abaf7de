// Tests of packet-socket.ts, over real sockets.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { pem } from '../../../test/platform/http-servers.ts'
import { eventually } from '../../testing/eventually.ts'
import { checkedConnection, type ZookeeperConnectionOptions } from './connection.ts'
import { PacketSocket } from './packet-socket.ts'
import { serverList, type ZookeeperServer } from './server-list.ts'

async function open(secure = false, options: ZookeeperConnectionOptions = {}) {
  const taken: Socket[] = []
  const take = (socket: Socket) => void taken.push(socket.on('error', () => {}))
  const server = secure ? createTlsServer({ cert: pem('server'), key: pem('server-key') }, take) : createServer(take)
  server.on('tlsClientError', () => {})
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const heard: string[] = []
  const socket = new PacketSocket(serverList(address).servers[0] as ZookeeperServer, checkedConnection(options), {
    onOpen: () => heard.push('open'),
    onPacket: (packet) => {
      heard.push(`packet ${packet}`)
      if (packet.toString() === 'bad') throw new Error('that was bad')
    },
    onEnd: ({ message }) => heard.push(`end: ${message}`),
  })
  return {
    heard,
    socket,
    taken,
    [Symbol.asyncDispose]: async () => {
      socket.destroy(new Error('the test is over'))
      for (const each of taken) each.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const framed = (text: string) => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)])

describe('a packet socket', () => {
  it('carries packets both ways, and ends once', async () => {
    await using peer = await open()
    await eventually(() => peer.heard.length === 1 && peer.taken.length === 1)
    peer.socket.send(Buffer.from('abc'))
    const [chunk] = await once(peer.taken[0] as Socket, 'data')
    assert.equal(String(chunk), 'abc')
    peer.taken[0]?.write(Buffer.concat([framed('one'), framed('two')]))
    await eventually(() => peer.heard.length === 3)
    assert.equal(peer.socket.bytesRead, 14)
    peer.taken[0]?.end()
    await eventually(() => peer.heard.length === 4)
    await peer.socket.closed
    peer.socket.send(Buffer.from('late'))
    assert.deepEqual(peer.heard, ['open', 'packet one', 'packet two', 'end: the server closed the connection'])
  })

  it('is over when a packet makes no sense, and hears nothing more', async () => {
    await using peer = await open()
    await eventually(() => peer.taken.length === 1)
    peer.taken[0]?.write(Buffer.concat([framed('bad'), framed('more')]))
    await peer.socket.closed
    assert.deepEqual(peer.heard, ['open', 'packet bad', 'end: that was bad'])
  })

  it('says why nobody was reached', async () => {
    await using peer = await open(true, { tls: { ca: pem('server') } })
    await peer.socket.closed
    assert.match(peer.heard.join(), /^end: .*(certificate|issuer)/)
  })

  it('opens when whoever answers is known to be the one', async () => {
    await using peer = await open(true, { tls: { ca: pem('ca') } })
    await eventually(() => peer.heard.length === 1 && peer.taken.length === 1)
    peer.taken[0]?.write(framed('one'))
    await eventually(() => peer.heard.length === 2)
    assert.deepEqual(peer.heard, ['open', 'packet one'])
  })
})
