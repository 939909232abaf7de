// Tests of milliseconds.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { millisecondsPer, millisecondsText } from './milliseconds.ts'

describe('milliseconds', () => {
  it('are what units of time come to, and no others', () => {
    const units = ['nanoseconds', 'microseconds', 'milliseconds', 'seconds', 'minutes', 'hours', 'days']
    assert.deepEqual(units.map(millisecondsPer), [1e-6, 1e-3, 1, 1_000, 60_000, 3_600_000, 86_400_000])
    for (const unit of ['', 'bytes', 'second', 'constructor', '__proto__'])
      assert.equal(millisecondsPer(unit), undefined)
  })

  it('are written without the digits that only arithmetic made', () => {
    for (const [milliseconds, text] of [
      [1.005 * 1_000, '1005'],
      [0.1 + 0.2, '0.3'],
      [12.345678000000044, '12.345678'],
      [1_234_567.1234567, '1234567.123457'],
      [-2.0000000001, '-2'],
      [0, '0'],
      [-0, '0'],
      [1, '1'],
    ] as const)
      assert.equal(millisecondsText(milliseconds), text)
  })

  it('are exact where they are tiny or huge', () => {
    for (const milliseconds of [1.23456789e-4, 5e-324, 9.87654321e9, 1e21, 1.7e308])
      assert.equal(Number(millisecondsText(milliseconds)), milliseconds)
  })

  it('never differ by more than half a nanosecond', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (milliseconds) => {
        const error = Math.abs(Number(millisecondsText(milliseconds)) - milliseconds)
        assert.ok(error <= 0.5e-6 + Math.abs(milliseconds) * 2 ** -52)
      }),
    )
  })
})
