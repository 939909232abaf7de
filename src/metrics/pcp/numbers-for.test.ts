// Tests of numbers-for.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { numbersFor } from './numbers-for.ts'

describe('numbersFor', () => {
  it('gives the same numbers when a program runs again', () => {
    const names = ['calls', 'took.count', 'took.sum']
    assert.deepEqual(numbersFor(names, 1_024), numbersFor(names.toReversed(), 1_024))
  })

  it('keeps the numbers that names have, whatever comes and goes', () => {
    const names = fc.uniqueArray(fc.string(), { maxLength: 60 })
    fc.assert(
      fc.property(names, names, (before, after) => {
        const old = numbersFor(before, 64)
        const numbers = numbersFor(after, 64, old)
        assert.deepEqual(new Set(numbers.keys()), new Set(after))
        assert.equal(new Set(numbers.values()).size, numbers.size)
        for (const [name, number] of numbers) {
          assert.ok(Number.isInteger(number) && number >= 0 && number < 64)
          if (old.has(name)) assert.equal(number, old.get(name))
        }
      }),
      { seed: 8 },
    )
  })

  it('leaves out names for which there is none', () => {
    const names = Array.from({ length: 20 }, (_, index) => `n${index}`)
    const numbers = numbersFor(names, 16)
    assert.equal(new Set(numbers.values()).size, 16)
    assert.deepEqual([...numbers.keys()].sort(), names.slice(0, 16).sort())
  })
})
