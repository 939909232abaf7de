// Tests of byte-sheet.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ByteSheet } from './byte-sheet.ts'

describe('ByteSheet', () => {
  it('writes one thing behind the other, in either order of bytes', () => {
    const little = new ByteSheet(16, true).u32(1).u64(2n).text('é').bytes
    assert.deepEqual([...little], [1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0xc3, 0xa9, 0, 0])
    const big = new ByteSheet(12, false).at(4).u64(258).at(0).u32(0xffff_fffe).bytes
    assert.deepEqual([...big], [255, 255, 255, 254, 0, 0, 0, 0, 0, 0, 1, 2])
  })
})
