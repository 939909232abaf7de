// Tests of timing-lines.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '../../primitives/random.ts'
import { type Sampling, TimingLines } from './timing-lines.ts'

function scene(millisecondsPer: number | undefined = undefined, sampling: Partial<Sampling> = {}) {
  const lines: string[] = []
  const line = { before: 'took:', after: '|ms', extraBytes: 0, millisecondsPer }
  const all = { sampleRatio: 1, random: seededRandom('timing'), ...sampling }
  return { timing: new TimingLines(line, all, { write: (text) => void lines.push(text) }), lines }
}

describe('TimingLines', () => {
  it('writes each value at once', () => {
    const { timing, lines } = scene()
    for (const value of [5, 0.25, 0, -1, 1e6]) timing.observe(value)
    assert.deepEqual(lines, ['took:5|ms', 'took:0.25|ms', 'took:0|ms', 'took:-1|ms', 'took:1000000|ms'])
    timing.write()
    assert.equal(lines.length, 5)
  })

  it('writes times as milliseconds', () => {
    const { timing, lines } = scene(1_000)
    for (const seconds of [0.0123, 1.005, 60]) timing.observe(seconds)
    assert.deepEqual(lines, ['took:12.3|ms', 'took:1005|ms', 'took:60000|ms'])
  })

  it('takes texts and bigints as the numbers that they say', () => {
    for (const millisecondsPer of [undefined, 1]) {
      const { timing, lines } = scene(millisecondsPer)
      for (const value of ['5', 7n] as unknown[]) timing.observe(value as number)
      assert.deepEqual(lines, ['took:5|ms', 'took:7|ms'])
    }
  })

  it('leaves out what is not finite, or no longer is as milliseconds', () => {
    const { timing, lines } = scene(1_000)
    for (const value of [NaN, Infinity, -Infinity, Number.MAX_VALUE]) timing.observe(value)
    assert.deepEqual(lines, [])
  })

  it('writes the share of values that it is told', () => {
    const { timing, lines } = scene(undefined, { sampleRatio: 0.1 })
    for (let value = 0; value < 10_000; value++) timing.observe(value)
    assert.ok(lines.length > 900 && lines.length < 1_100, `${lines.length} of 10,000`)
  })

  it('draws nothing where all are written', () => {
    const random = () => {
      throw new Error('was drawn')
    }
    const { timing, lines } = scene(undefined, { random })
    timing.observe(1)
    assert.equal(lines.length, 1)
  })

  it('writes nothing once it is forgotten', () => {
    for (const sampleRatio of [1, 0.5]) {
      const { timing, lines } = scene(undefined, { sampleRatio, random: () => 0 })
      timing.end()
      timing.observe(1)
      assert.deepEqual(lines, [])
    }
  })
})
