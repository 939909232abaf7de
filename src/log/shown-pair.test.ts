// Tests of shown-pair.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { redact } from './redact.ts'
import { shownHeaders, shownPair } from './shown-pair.ts'

const redactor = redact()

describe('shownPair', () => {
  it('hides the value beside the name of a secret', () => {
    assert.deepEqual(shownPair(['Authorization', 'Bearer x'], redactor), ['Authorization', '[redacted]'])
  })

  it('leaves all else as it is', () => {
    for (const item of [
      ['host', 'x'],
      ['token'],
      ['token', 'a', 'b'],
      [7, 'x'],
      'token',
      null,
      { 0: 'token', 1: 'x', length: 2 },
    ])
      assert.equal(shownPair(item, redactor), item)
    const pair = ['token', 'x']
    assert.equal(shownPair(pair, undefined), pair)
  })

  it('survives a pair that throws', () => {
    const pair = Object.defineProperty([1, 2], 0, {
      get() {
        throw new Error('no')
      },
    })
    assert.equal(shownPair(pair, redactor), pair)
  })
})

describe('shownHeaders', () => {
  it('hides the values of raw headers, whose names stand before them', () => {
    const raw = ['Host', 'x', 'Cookie', 'id=1', 'X-Auth-Token', 'abc', 'Odd']
    const shown = ['Host', 'x', 'Cookie', '[redacted]', 'X-Auth-Token', '[redacted]', 'Odd']
    assert.deepEqual(shownHeaders('rawHeaders', raw, redactor), shown)
    assert.deepEqual(shownHeaders('headers', raw, redactor), shown)
    assert.deepEqual(shownHeaders('headers', ['X', 'token', 'Host', 'x'], redactor), ['X', 'token', 'Host', 'x'])
  })

  it('leaves other lists as they are', () => {
    const scopes = ['reset-password', 'read']
    assert.equal(shownHeaders('scopes', scopes, redactor), scopes)
    assert.equal(shownHeaders('headers', scopes, undefined), scopes)
    assert.equal(shownHeaders('headers', 'text', redactor), 'text')
  })

  it('survives lists that throw, or say that they have an odd length', () => {
    const lists = [NaN, -1, 1.5, 2 ** 53, 'x', {}].map(
      (length) => new Proxy([1], { get: (_, key) => (key === 'length' ? length : 7) }),
    )
    const broken = new Proxy([1], {
      get() {
        throw new Error('no')
      },
    })
    for (const list of [...lists, broken]) {
      assert.equal(shownPair(list, redactor), list)
      assert.ok((shownHeaders('headers', list, redactor) as unknown[]).length <= 1)
    }
  })

  it('copies no more than is logged of a list that is very long', () => {
    const raw: string[] = []
    raw.length = 2 ** 32 - 1
    const shown = shownHeaders('headers', raw, redactor) as unknown[]
    assert.deepEqual([shown.length, Object.keys(shown).length], [raw.length, 100])
  })
})
