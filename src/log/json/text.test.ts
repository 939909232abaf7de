// Tests of text.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { jsonText, quoted } from './text.ts'

/** Of UTF-16, halves of pairs included. */
const anyUnit = fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code))

const texts = fc.oneof(
  fc.string({ unit: anyUnit, size: 'medium' }),
  fc.string({ unit: fc.constantFrom('\u2028', '\u2029', '\ud800', '\udc00', '"', '\\', '\0', '\x1f', 'a', 'é', '€') }),
)

describe('quoted', () => {
  it('is what JSON.stringify gives, with line and paragraph separators escaped', () => {
    const model = (text: string) =>
      JSON.stringify(text).replace(
        /[\x85\u2028\u2029]/g,
        (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
    fc.assert(fc.property(texts, (text) => assert.equal(quoted(text), model(text))))
    // Each character by itself, in a short text and in a long one.
    for (let code = 0; code <= 0xffff; code++) {
      const char = String.fromCharCode(code)
      if (quoted(char) !== model(char)) assert.equal(quoted(char), model(char))
      const long = `${char}${'.'.repeat(40)}`
      if (code < 0x100 && quoted(long) !== model(long)) assert.equal(quoted(long), model(long))
    }
  })
})

describe('jsonText', () => {
  it('writes numbers as they are, and as texts where JSON lacks them', () => {
    const numbers = [0, -0, 1.5, -3, 1e21, 5e-324, 2 ** 53, NaN, Infinity, -Infinity]
    const written = ['0', '0', '1.5', '-3', '1e+21', '5e-324', '9007199254740992', '"NaN"', '"Infinity"', '"-Infinity"']
    assert.deepEqual(numbers.map(jsonText), written)
  })

  it('writes lists and objects on one line', () => {
    assert.equal(jsonText([1, 'a\nb', { c: ['\u2028'] }, null]), '[1,"a\\nb",{"c":["\\u2028"]},null]')
    assert.equal(jsonText(true) + jsonText(false) + jsonText(null), 'truefalsenull')
    assert.equal(jsonText(new Uint8Array([0, 255])), '"AP8="')
  })
})
