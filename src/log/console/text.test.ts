// Tests of text.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { linesOf, shown, treeLines, valueText } from './text.ts'

describe('shown', () => {
  it('escapes what would do something to a terminal', () => {
    const attacks = [
      ['\x1b[2J\x1b]0;title\x07', '\\u001b[2J\\u001b]0;title\\u0007'],
      ['\x9b31m', '\\u009b31m'],
      ['all is well\rERROR', 'all is well\\rERROR'],
      ['secret\b\b\b', 'secret\\u0008\\u0008\\u0008'],
      ['\x7f\0', '\\u007f\\u0000'],
      ['user\u202etxt.exe\u2066', 'user\\u202etxt.exe\\u2066'],
      ['a\nb\u2028c\u2029d\ufeff', 'a\\nb\\u2028c\\u2029d\\ufeff'],
      ['\ud800', '\\ud800'],
    ] as const
    for (const [text, safe] of attacks) assert.equal(shown(text), safe)
  })

  it('leaves all else as it is', () => {
    const text = 'größe\t日本語 😀 "quoted" C:\\dir'
    assert.equal(shown(text), text)
  })
})

describe('linesOf', () => {
  it('knows both kinds of line ends', () => {
    assert.deepEqual(linesOf('a\nb\r\n\tc\rd\n'), ['a', 'b', '\tc\\rd', ''])
    assert.deepEqual(linesOf(''), [''])
  })
})

describe('valueText', () => {
  it('has quotes only where they are needed', () => {
    const bare = ['a', '2.4µs', 'http://a.test/b?c', 'C:\\dir', 'ключ', '<nil>', '{}']
    assert.deepEqual(bare.map(valueText), bare)
    const quoted = ['', 'a b', 'a=b', 'say "a"', 'null', '\ta', 'a\u2028', '\x1b[0m']
    const texts = ['""', '"a b"', '"a=b"', '"say \\"a\\""', '"null"', '"\\ta"', '"a\\u2028"', '"\\u001b[0m"']
    assert.deepEqual(quoted.map(valueText), texts)
  })

  it('writes what is no text as it is', () => {
    assert.deepEqual([1.5, NaN, true, null].map(valueText), ['1.5', 'NaN', 'true', 'null'])
    assert.equal(valueText(['a b', { c: '\x9b' }]), '["a b",{"c":"\\u009b"}]')
    assert.equal(valueText(new TextEncoder().encode('a b')), '"a b"')
  })
})

describe('treeLines', () => {
  it('spreads a value over lines', () => {
    assert.deepEqual(treeLines({ a: ['\n\x9b'] }), ['{', '  "a": [', '    "\\n\\u009b"', '  ]', '}'])
  })
})
