// Tests of node-stat.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { JuteReader } from './jute-reader.ts'
import { JuteWriter } from './jute-writer.ts'
import { readStat } from './node-stat.ts'

describe('a stat', () => {
  it('is read to its end', () => {
    const writer = new JuteWriter()
      .long(1n)
      .long(2n)
      .long(3n)
      .long(4n)
      .int(5)
      .int(6)
      .int(7)
      .long(8n)
      .int(9)
      .int(10)
      .long(11n)
    const reader = new JuteReader(Buffer.from(writer.frame().subarray(4)))
    assert.deepEqual(readStat(reader), { czxid: 1n, mzxid: 2n, version: 5, ephemeralOwner: 8n })
    assert.equal(reader.left, 0)
  })
})
