// Tests of packet-splitter.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { PacketSplitter } from './packet-splitter.ts'

const framed = (packet: Uint8Array) => {
  const length = Buffer.alloc(4)
  length.writeInt32BE(packet.length)
  return Buffer.concat([length, packet])
}

describe('a packet splitter', () => {
  it('finds the same packets in whatever pieces they come', () => {
    const packets = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 })
    fc.assert(
      fc.property(packets, fc.array(fc.nat({ max: 30 }), { minLength: 1 }), (sent, sizes) => {
        const stream = Buffer.concat(sent.map(framed))
        const splitter = new PacketSplitter(40)
        const found: Buffer[] = []
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = 1 + (sizes[turn % sizes.length] as number)
          found.push(...splitter.push(stream.subarray(at, at + size)))
          at += size
        }
        assert.deepEqual(
          found.map((each) => Uint8Array.from(each)),
          sent,
        )
      }),
      { seed: 11 },
    )
  })

  it('refuses a packet that is too large as soon as its length is there', () => {
    const splitter = new PacketSplitter(1_000)
    assert.deepEqual([...splitter.push(Buffer.from([0, 0, 3]))], [])
    assert.throws(() => [...splitter.push(Buffer.from([0xe9]))], {
      message:
        'it sent a packet of 1001 bytes, but maxPacketBytes is 1000: is this the client port of a ZooKeeper server?',
    })
    assert.throws(
      () => [...new PacketSplitter(1_000).push(Buffer.from('HTTP/1.1 400'))],
      /a packet of 1213486160 bytes/,
    )
    assert.throws(() => [...new PacketSplitter(1_000).push(Buffer.from([255, 255, 255, 255]))], /4294967295 bytes/)
  })
})
