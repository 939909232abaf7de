// Tests of packs.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { manualClock } from '../../testing/manual-clock.ts'
import { line } from './line-format.ts'
import { Packs } from './packs.ts'

function scene(maxBytes = 1_432) {
  const clock = manualClock()
  const lines: string[] = []
  const packs = new Packs({ write: (text) => void lines.push(text) }, maxBytes, clock)
  return { clock, packs, lines }
}

describe('Packs', () => {
  it('puts the values of a tenth of a second into one line', async () => {
    const { clock, packs, lines } = scene()
    const took = packs.of(line('took:', '|d\n'))
    const size = packs.of(line('size:', '|d|#a:b\n'))
    took.write('1', 0)
    size.write('5', 0)
    took.write('2', 0)
    await clock.advance(99)
    took.write('-3', 0)
    assert.deepEqual(lines, [])
    await clock.advance(1)
    assert.deepEqual(lines.splice(0), ['took:1:2:-3|d\n', 'size:5|d|#a:b\n'])
    assert.equal(clock.pending, 0)
    size.write('6', 0)
    await clock.advance(100)
    assert.deepEqual(lines, ['size:6|d|#a:b\n'])
  })

  it('writes what was begun when it is told to, and nothing twice', async () => {
    const { clock, packs, lines } = scene()
    packs.of(line('took:', '|d\n')).write('1', 0)
    packs.write()
    packs.write()
    assert.equal(clock.pending, 0)
    await clock.advance(1_000)
    assert.deepEqual(lines, ['took:1|d\n'])
  })

  it('ends lines before they are too long, in bytes, and loses no value', async () => {
    const values = fc.array(fc.stringMatching(/^[0-9]{1,12}$/), { maxLength: 200 })
    await fc.assert(
      fc.asyncProperty(values, fc.constantFrom('|d\n', '|d|#a:é語\n'), async (all, after) => {
        const { packs, lines } = scene(40)
        const took = packs.of(line('took:', after))
        for (const value of all) took.write(value, 0)
        packs.write()
        assert.ok(lines.every((text) => Buffer.byteLength(text) <= 41))
        const seen = lines.flatMap((text) => text.slice('took:'.length, -after.length).split(':'))
        assert.deepEqual(seen, all)
      }),
      { seed: 8 },
    )
  })

  it('fills lines to the last byte', () => {
    const { packs, lines } = scene('took:1:2:3|d'.length)
    const took = packs.of(line('took:', '|d\n'))
    for (const value of ['1', '2', '3', '4']) took.write(value, 0)
    packs.write()
    assert.deepEqual(lines, ['took:1:2:3|d\n', 'took:4|d\n'])
  })

  it('writes a value by itself where two have no room', () => {
    const { packs, lines } = scene(1)
    const took = packs.of(line('took:', '|d\n'))
    for (const value of ['1', '2']) took.write(value, 0)
    packs.write()
    assert.deepEqual(lines, ['took:1|d\n', 'took:2|d\n'])
  })
})
