// Tests of counter-sum.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CounterSum } from './counter-sum.ts'

function scene() {
  const lines: string[] = []
  const counter = new CounterSum(
    { before: 'hits:', after: '|c', extraBytes: 0 },
    { write: (line) => void lines.push(line) },
  )
  const written = () => {
    counter.write()
    return lines.splice(0)
  }
  return { counter, written, lines }
}

describe('CounterSum', () => {
  it('is one line, however often it was counted', () => {
    const { counter, written } = scene()
    counter.add()
    counter.add(2)
    counter.add(0.5)
    assert.deepEqual(written(), ['hits:3.5|c'])
  })

  it('begins anew once it was sent, and is no line when nothing was counted', () => {
    const { counter, written } = scene()
    assert.deepEqual(written(), [])
    counter.add(5)
    assert.deepEqual(written(), ['hits:5|c'])
    counter.add(0)
    assert.deepEqual(written(), [])
    counter.add(1)
    assert.deepEqual(written(), ['hits:1|c'])
  })

  it('counts nothing that is negative or not finite', () => {
    const { counter, written } = scene()
    for (const amount of [-1, NaN, Infinity, -Infinity]) counter.add(amount)
    assert.deepEqual(written(), [])
  })

  it('has no exponent for ordinary sizes, and a number for any', () => {
    const { counter, written } = scene()
    for (const [amount, text] of [
      [1e-6, '0.000001'],
      [2 ** 53, '9007199254740992'],
      [0.1, '0.1'],
    ] as const) {
      counter.add(amount)
      assert.deepEqual(written(), [`hits:${text}|c`])
    }
    counter.add(Number.MAX_VALUE)
    counter.add(Number.MAX_VALUE)
    assert.deepEqual(written(), [`hits:${Number.MAX_VALUE}|c`])
  })

  it('says what it has counted when it is forgotten', () => {
    const { counter, lines } = scene()
    counter.add(3)
    counter.end()
    assert.deepEqual(lines, ['hits:3|c'])
  })

  it('adds up texts and bigints as the numbers that they say', () => {
    const { counter, written } = scene()
    for (const amount of [1, '5', 2n, null, 'x'] as number[]) counter.add(amount)
    assert.deepEqual(written(), ['hits:8|c'])
  })
})
