// Tests of jute-writer.ts: the bytes of zookeeper.jute's types, as others write them.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { JuteWriter } from './jute-writer.ts'

const hex = (writer: JuteWriter) => Buffer.from(writer.frame()).toString('hex')

describe('a jute writer', () => {
  it('writes numbers with their highest byte first, after the length of the packet', () => {
    assert.equal(hex(new JuteWriter()), '00000000')
    assert.equal(hex(new JuteWriter().int(-2).int(11)), '00000008fffffffe0000000b')
    assert.equal(hex(new JuteWriter().long(-1n).long(0x1234n)), '00000010ffffffffffffffff0000000000001234')
    assert.equal(hex(new JuteWriter().bool(true).bool(false)), '000000020100')
  })

  it('writes texts as UTF-8 after the number of their bytes', () => {
    assert.equal(hex(new JuteWriter().text('/aé')), '00000008000000042f61c3a9')
    assert.equal(hex(new JuteWriter().text('').buffer(new Uint8Array([7]))), '00000009000000000000000107')
  })

  it('grows, and says its size without the length', () => {
    const writer = new JuteWriter().int(1)
    for (let count = 0; count < 100; count++) writer.buffer(new Uint8Array(50).fill(count))
    assert.equal(writer.size, 4 + 100 * 54)
    const frame = Buffer.from(writer.frame())
    assert.deepEqual([frame.length, frame.readInt32BE(0), frame.readInt32BE(4)], [writer.size + 4, writer.size, 1])
    assert.equal(frame.at(-1), 99)
  })
})
