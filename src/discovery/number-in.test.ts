import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { numberIn } from './number-in.ts'

describe('numberIn', () => {
  it('reads what a number of ours is written as', () => {
    const number = fc.double({ min: 0, max: Number.MAX_SAFE_INTEGER, noNaN: true })
    fc.assert(
      fc.property(number, (value) => assert.equal(numberIn(String(value)), value + 0)),
      { seed: 1 },
    )
  })

  it('takes nothing else for one', () => {
    for (const text of [
      undefined,
      '',
      ' 1',
      '-1',
      '+1',
      '1.',
      '.5',
      '0x10',
      'NaN',
      'Infinity',
      '1e400',
      '9007199254740993',
      'two',
    ])
      assert.equal(numberIn(text), undefined, `${text}`)
  })
})
