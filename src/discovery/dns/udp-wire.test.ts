import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { describe, it } from 'node:test'
import { encodeReply, type Reply, scriptedDns } from '../../../test/platform/scripted-dns.ts'
import { freePorts } from '../../../test/servers/free-ports.ts'
import { eventually } from '../../testing/eventually.ts'
import { dnsServer } from './dns-server.ts'
import { encodeQuery } from './query.ts'
import { udpWire } from './udp-wire.ts'

const question = encodeQuery({ name: 'x', type: 'A', id: 7, isExtended: false })

/** What is heard first of a wire. It holds no process, so the waiting must. */
async function first(address: string): Promise<Buffer | Error> {
  const heard: (Buffer | Error)[] = []
  using _wire = udpWire(dnsServer(address), question, {
    onMessage: (bytes) => heard.push(Buffer.from(bytes)),
    onError: (error) => heard.push(error),
  })
  await eventually(() => heard.length > 0)
  return heard[0] as Buffer | Error
}

describe('udpWire', () => {
  it('brings messages, each to who asked', async () => {
    const reply: Reply = { answers: [['x', 1, 'A', '10.0.0.1']] }
    await using server = await scriptedDns(() => reply)
    const expected = encodeReply({ id: 7, name: 'x', type: 'A' }, reply)
    assert.deepEqual(await first(server.address), Buffer.from(expected))
  })

  it('says when nobody listens', async () => {
    const { dns } = await freePorts(['dns'])
    assert.match(String(await first(`127.0.0.1:${dns}`)), /ECONNREFUSED/)
  })

  it('hears nobody but the server', async () => {
    await using server = await scriptedDns(async ({ port }) => {
      const stranger = createSocket('udp4')
      await new Promise((sent) => stranger.send('stranger', port, '127.0.0.1', sent))
      stranger.close()
      return Buffer.from('server')
    })
    assert.equal(String(await first(server.address)), 'server')
  })

  it('asks each question from a port of its own, which the system chooses', async () => {
    await using server = await scriptedDns(() => Buffer.from('x'))
    for (let turn = 0; turn < 8; turn++) await first(server.address)
    assert.ok(new Set(server.asked.map(({ port }) => port)).size > 1)
  })

  it('closes its socket at once', async () => {
    await using server = await scriptedDns()
    const nobody = { onMessage: () => assert.fail('a message'), onError: assert.fail }
    const wire = udpWire(dnsServer(server.address), question, nobody)
    await eventually(() => server.asked.length === 1)
    wire[Symbol.dispose]()
    const taker = createSocket('udp4')
    // Its port can be had by somebody else.
    await new Promise<void>((resolve, reject) =>
      taker.once('error', reject).bind(server.asked[0]?.port, '0.0.0.0', resolve),
    )
    taker.close()
  })

  it('can be closed before it has begun, and twice', async () => {
    await using server = await scriptedDns(() => Buffer.from('x'))
    const nobody = { onMessage: () => assert.fail('a message'), onError: assert.fail }
    const wire = udpWire(dnsServer(server.address), question, nobody)
    wire[Symbol.dispose]()
    wire[Symbol.dispose]()
    assert.equal(server.asked.length, 0)
  })
})
