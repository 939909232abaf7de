// Tests of check.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { checkNumber, checkOneOf, type NumberLimits } from './check.ts'

/** What plain JavaScript may pass: the type system has no say there. */
function checkAnything(value: unknown, limits: NumberLimits): number {
  return checkNumber('size', value as number, limits)
}

describe('checkNumber', () => {
  it('returns the value, bounds included', () => {
    for (const value of [1, 1.5, 10]) assert.equal(checkNumber('size', value, { min: 1, max: 10 }), value)
  })

  it('names the option, the range and the value', () => {
    assert.throws(() => checkNumber('timeoutMs', -5, { min: 1, max: 2_147_483_647 }), {
      name: 'RangeError',
      message: 'timeoutMs must be a number from 1 to 2147483647, but is -5',
    })
    assert.throws(() => checkNumber('capacity', 0, { min: 1, integer: true }), {
      name: 'RangeError',
      message: 'capacity must be an integer from 1 to Infinity, but is 0',
    })
  })

  it('refuses NaN whatever the limits', () => {
    assert.throws(() => checkNumber('size', NaN, { min: -Infinity }), /from -Infinity to Infinity, but is NaN/)
  })

  it('refuses fractions where an integer is asked for', () => {
    assert.throws(
      () => checkNumber('size', 1.5, { min: 1, max: 3, integer: true }),
      /an integer from 1 to 3, but is 1.5/,
    )
  })

  it('accepts Infinity exactly when there is no finite maximum', () => {
    for (const integer of [true, false]) {
      assert.equal(checkNumber('size', Infinity, { min: 1, integer }), Infinity)
      assert.equal(checkNumber('size', Infinity, { min: 1, max: Infinity, integer }), Infinity)
      assert.throws(() => checkNumber('size', Infinity, { min: 1, max: Number.MAX_VALUE, integer }), RangeError)
    }
  })

  it('refuses what is no number, and prints it shortly without running its code', () => {
    const hostile = {
      toString: () => assert.fail('ran toString'),
      toJSON: () => assert.fail('ran toJSON'),
    }
    const printed: [unknown, string][] = [
      ['5', '"5"'],
      ['x'.repeat(10_000), `"${'x'.repeat(39)}…`],
      [10n ** 100n, `1${'0'.repeat(39)}…`],
      [undefined, 'undefined'],
      [null, 'null'],
      [true, 'true'],
      [Symbol('s'), 'Symbol(s)'],
      [hostile, 'an object'],
      [Object.create(null), 'an object'],
      [() => 5, 'a function'],
    ]
    for (const [value, text] of printed) {
      assert.throws(() => checkAnything(value, { min: 0 }), {
        name: 'TypeError',
        message: `size must be a number from 0 to Infinity, but is ${text}`,
      })
    }
  })

  it('accepts what lies within the limits and nothing else', () => {
    fc.assert(
      fc.property(fc.double(), fc.double({ noNaN: true }), fc.double({ noNaN: true }), (value, min, max) => {
        if (value >= min && value <= max) assert.equal(checkNumber('size', value, { min, max }), value)
        else assert.throws(() => checkNumber('size', value, { min, max }), RangeError)
      }),
    )
  })

  it('says above 0 where all that is above 0 is legal', () => {
    assert.throws(() => checkNumber('ratio', 0, { min: Number.MIN_VALUE, max: 1 }), {
      name: 'RangeError',
      message: 'ratio must be a number above 0, at most 1, but is 0',
    })
  })
})

describe('checkOneOf', () => {
  it('returns what is legal', () => {
    assert.equal(checkOneOf('labels', 'path', ['tags', 'path']), 'path')
    assert.equal(checkOneOf('version', 2, [1, 2]), 2)
  })

  it('refuses all else by name, with what is legal', () => {
    assert.throws(() => checkOneOf('labels', 'names' as string, ['tags', 'path']), {
      name: 'TypeError',
      message: 'labels must be one of tags, path, but is "names"',
    })
    assert.throws(
      () => checkOneOf<unknown>('version', {}, [1, 2]),
      /^TypeError: version must be one of 1, 2, but is an object$/,
    )
  })
})
