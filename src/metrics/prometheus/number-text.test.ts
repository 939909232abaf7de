// Tests of number-text.ts: values, and the numbers that name a series.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { canonicalText, numberText } from './number-text.ts'

describe('numberText', () => {
  it('writes what is no ordinary number as both formats have it', () => {
    assert.deepEqual([NaN, Infinity, -Infinity, -0, 1e21, 2 ** -30].map(numberText), [
      'NaN',
      '+Inf',
      '-Inf',
      '0',
      '1e+21',
      '9.313225746154785e-10',
    ])
  })
})

describe('canonicalText', () => {
  it('gives whole numbers a fraction', () => {
    assert.deepEqual([0, 1, -1, 10, 999_999].map(canonicalText), ['0.0', '1.0', '-1.0', '10.0', '999999.0'])
  })

  it('has an exponent from a million on, and below a ten-thousandth', () => {
    assert.deepEqual([1e6, 1_048_576, 1e10, 1e100, 1e-4, 0.00012, 1e-5, -2.5e-7].map(canonicalText), [
      '1e+06',
      '1.048576e+06',
      '1e+10',
      '1e+100',
      '0.0001',
      '0.00012',
      '1e-05',
      '-2.5e-07',
    ])
  })

  it('writes infinity as a bound has it', () => {
    assert.deepEqual([Infinity, -Infinity, NaN].map(canonicalText), ['+Inf', '-Inf', 'NaN'])
  })

  it('loses nothing of a number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        assert.equal(Number(canonicalText(value)), value + 0)
      }),
    )
  })
})
