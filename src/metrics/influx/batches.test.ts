// Tests of batches.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { linesIn } from '../../primitives/lines-in.ts'
import { Batches, halves } from './batches.ts'

describe('Batches', () => {
  it('hold so many lines', () => {
    const batches = new Batches({ maxLines: 2, maxBytes: 1_000 })
    for (const line of ['a\n', 'b\n', 'c\n']) batches.add(line)
    assert.deepEqual(batches.take(), ['a\nb\n', 'c\n'])
    assert.deepEqual(batches.take(), [])
  })

  it('hold so many bytes, unless it is a single line', () => {
    const batches = new Batches({ maxLines: 100, maxBytes: 8 })
    for (const line of ['a\n', 'ééé\n', 'b\n', 'a longer one\n', 'c\n']) batches.add(line)
    assert.deepEqual(batches.take(), ['a\n', 'ééé\n', 'b\n', 'a longer one\n', 'c\n'])
    for (const line of ['éé\n', 'b\n', 'c\n']) batches.add(line)
    assert.deepEqual(batches.take(), ['éé\nb\n', 'c\n'])
  })
})

describe('halves', () => {
  it('are of whole lines, and lose none', () => {
    const lines = fc.array(
      fc.string().map((text) => `${text.replaceAll('\n', '')}\n`),
      { minLength: 1, maxLength: 20 },
    )
    fc.assert(
      fc.property(lines, (all) => {
        const batch = all.join('')
        const [first, second] = halves(batch) ?? [batch, '']
        assert.equal(first + second, batch)
        assert.equal(linesIn(first) + linesIn(second), all.length)
        if (all.length === 1) assert.equal(second, '')
        else assert.ok(first.endsWith('\n') && second.endsWith('\n'))
      }),
      { seed: 5 },
    )
  })
})
