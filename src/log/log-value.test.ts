// Tests of log-value.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { addMember, base64, LoggedError, logLimits, logText, plain, textOf } from './log-value.ts'

describe('logText', () => {
  it('leaves what is short enough as it is', () => {
    const text = 'x'.repeat(logLimits.stringChars)
    assert.equal(logText(text), text)
    assert.equal(logText(''), '')
    assert.equal(logText('abc', 3), 'abc')
  })

  it('cuts what is longer, and says how much of it', () => {
    assert.equal(logText('abcdef', 4), 'abcd…(2 more)')
    assert.equal(logText('abc', 0), '…(3 more)')
    assert.equal(logText('x'.repeat(10_000)), `${'x'.repeat(8_192)}…(1808 more)`)
  })

  it('cuts no character in two', () => {
    assert.equal(logText('a🚀b', 2), 'a…(3 more)')
    assert.equal(logText('a🚀b', 3), 'a🚀…(1 more)')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat({ max: 20 }), (text, most) => {
        assert.ok(logText(text, most).isWellFormed())
      }),
    )
  })
})

describe('addMember', () => {
  it('adds any key, and changes no prototype', () => {
    const members: Record<string, number> = {}
    for (const key of ['a', '__proto__', 'constructor', '']) addMember(members, key, key.length)
    assert.deepEqual(Object.entries(members), [
      ['a', 1],
      ['__proto__', 9],
      ['constructor', 11],
      ['', 0],
    ])
    assert.equal(Object.getPrototypeOf(members), Object.prototype)
  })
})

describe('textOf', () => {
  it('has texts as they are, and all else as JSON', () => {
    assert.equal(textOf('a "b"'), 'a "b"')
    assert.equal(textOf(''), '')
    assert.equal(textOf(-0), '0')
    assert.equal(textOf(NaN), 'NaN')
    assert.equal(textOf(null), 'null')
    assert.equal(textOf(undefined), 'undefined')
    assert.equal(textOf([1, 'a', null, { b: [] }]), '[1,"a",null,{"b":[]}]')
    assert.equal(textOf(new TextEncoder().encode('grün')), 'grün')
    assert.equal(textOf(new LoggedError('failed: refused', { name: 'Error' })), 'failed: refused')
  })
})

describe('plain', () => {
  it('has errors as their details and bytes as base64', () => {
    assert.deepEqual(plain(new LoggedError('failed', { name: 'Error' })), { name: 'Error' })
    assert.equal(plain(new Uint8Array([1, 2, 255])), 'AQL/')
    assert.deepEqual(plain({ a: 1 }), { a: 1 })
  })
})

describe('base64', () => {
  it('is what everybody reads', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => assert.equal(base64(bytes), Buffer.from(bytes).toString('base64'))),
    )
  })
})
