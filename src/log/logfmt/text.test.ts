// Tests of text.ts; test/interop/logfmt.test.ts compares it with go-logfmt itself.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { keyText, valueText } from './text.ts'

/** Of UTF-16, halves of pairs included. */
const anyUnit = fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code))

const texts = fc.oneof(
  fc.string({ unit: anyUnit, maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...'"\\= \t\n\0\x7f\ufffd\ud800\udc00aé'.split('')), maxLength: 40 }),
)

const ends = (char: string) => char <= ' ' || '="\x7f\ufffd'.includes(char)

/** Goes by the rules of go-logfmt character by character. */
function encodedByRule(text: string): string {
  if (text === 'null') return '"null"'
  const wellFormed = text.toWellFormed()
  if (![...wellFormed].some(ends)) return text
  const escapes: Record<string, string> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }
  const hex = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  const escaped = (char: string) => escapes[char] ?? (ends(char) && char !== ' ' && char !== '=' ? hex(char) : char)
  return `"${[...wellFormed].map(escaped).join('')}"`
}

describe('valueText', () => {
  const table: readonly (readonly [text: string, written: string])[] = [
    ['', ''],
    ['a b', '"a b"'],
    [' ', '" "'],
    ['a=b', '"a=b"'],
    ['a"b', '"a\\"b"'],
    ['a\\b', 'a\\b'],
    ['a \\b', '"a \\\\b"'],
    ['a\nb\tc\rd', '"a\\nb\\tc\\rd"'],
    ['\x01', '"\\u0001"'],
    ['é', 'é'],
    ['日本 語', '"日本 語"'],
    ['a\u2028b', 'a\u2028b'],
    ['\ufffd', '"\\ufffd"'],
    ['\ud800', '"\\ufffd"'],
    ['\udc00\ud800', '"\\ufffd\\ufffd"'],
    ['😀', '😀'],
    ['\x7f', '"\\u007f"'],
    ['null', '"null"'],
    ['<nil>', '<nil>'],
  ]
  for (const [text, written] of table) {
    it(`writes ${JSON.stringify(text)} as ${written === '' ? 'nothing' : written}`, () => {
      assert.equal(valueText(text), written)
    })
  }

  it('follows the rules however long the text is', () => {
    fc.assert(
      fc.property(texts, (text) => {
        assert.equal(valueText(text), encodedByRule(text))
        const long = `${text}${'.'.repeat(30)}`
        assert.equal(valueText(long), encodedByRule(long))
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('keyText', () => {
  it('drops what no key may hold', () => {
    assert.equal(keyText('a b=c"d\n\x7f\ufffd\ud800e'), 'abcde')
    assert.equal(keyText('größe.in\\MB'), 'größe.in\\MB')
  })

  it('writes _ where nothing is left', () => {
    assert.deepEqual(['', ' ', '= "'].map(keyText), ['_', '_', '_'])
  })

  it('gives keys that need no quotes', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const key = keyText(text)
        assert.ok(key !== '' && key.isWellFormed() && ![...key].some(ends), key)
      }),
    )
  })
})
