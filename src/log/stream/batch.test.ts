// Tests of batch.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Batch } from './batch.ts'

const batchOf = (...lines: string[]) => new Batch(Buffer.from(lines.join('')), lines.length, 0)

describe('Batch', () => {
  it('knows how many bytes have left and how many have not', () => {
    const batch = batchOf('one\n', 'two\n')
    batch.advance(3)
    batch.advance(2)
    assert.deepEqual([batch.offset, batch.rest], [5, 3])
  })

  it('counts the lines that have not left as a whole', () => {
    const batch = batchOf('one\n', 'two\n', 'three\n')
    const left = [batch.linesLeft]
    for (const bytes of [1, 3, 4, 1, 5]) {
      batch.advance(bytes)
      left.push(batch.linesLeft)
    }
    assert.deepEqual(left, [3, 3, 2, 1, 1, 0])
  })

  it('counts a text of several lines as the one that it was written as', () => {
    const batch = new Batch(Buffer.from('a\nb\nc\n'), 1, 0)
    assert.equal(batch.linesLeft, 1)
    batch.advance(1)
    assert.equal(batch.linesLeft, 1)
  })

  it('goes back to the beginning of the line that has left in part', () => {
    const offsets = [0, 2, 4, 6].map((bytes) => {
      const batch = batchOf('one\n', 'two\n')
      batch.advance(bytes)
      batch.rewind()
      return batch.offset
    })
    assert.deepEqual(offsets, [0, 0, 4, 4])
  })
})
