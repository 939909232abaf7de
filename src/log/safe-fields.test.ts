// Tests of safe-fields.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LoggedError, logLimits } from './log-value.ts'
import { redact } from './redact.ts'
import { asFields, type Fields, plainChars, safeFields, walkedFields } from './safe-fields.ts'
import { ValueWalk } from './value-walk.ts'

const redactor = redact({ paths: ['user.email'] })
const safe = (fields: unknown) => safeFields(fields as Fields, redactor)

function thrower(): never {
  throw new Error('no')
}

describe('safeFields', () => {
  it('gives the same object where nothing in it needs to be changed', () => {
    const fields = { text: 'a', number: NaN, flag: true, nothing: null, missing: undefined }
    assert.equal(safe(fields), fields)
    const none = {}
    assert.equal(safe(none), none)
  })

  it('gives another one where something must be changed, and keeps the order', () => {
    const fields = { b: 1, token: 'x', a: { deep: 1n }, '9': 2 }
    const changed = safe(fields)
    assert.deepEqual(Object.entries(changed), [
      ['9', 2],
      ['b', 1],
      ['token', '[redacted]'],
      ['a', { deep: '1' }],
    ])
    assert.deepEqual(fields, { b: 1, token: 'x', a: { deep: 1n }, '9': 2 })
    assert.deepEqual(safe({ user: { email: 'e', name: 'n' } }), { user: { email: '[redacted]', name: 'n' } })
    assert.deepEqual(safeFields({ x: 'y' }, redact({ paths: ['*'] })), { x: '[redacted]' })
    assert.deepEqual(safeFields({ token: 'y' }, undefined), { token: 'y' })
  })

  it('bounds texts, keys, fields and all together', () => {
    assert.deepEqual(safe({ a: 'x'.repeat(8_200) }), { a: `${'x'.repeat(8_192)}…(8 more)` })
    assert.deepEqual(Object.keys(safe({ ['k'.repeat(20_000)]: 1 })), [`${'k'.repeat(256)}…(19744 more)`])
    const texts = safe(Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, 'x'.repeat(8_000)])))
    assert.deepEqual([Object.keys(texts).length, Object.entries(texts).at(-1)], [10, ['…', '11 more']])
    const many = safe(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i])))
    assert.ok(Object.keys(many).length < logLimits.recordChars / logLimits.valueChars)
    assert.match(String(many['…']), /^9\d{4} more$/)
  })

  it('calls functions, and says what they throw', () => {
    let calls = 0
    const fields = {
      n: () => ++calls,
      list: () => [calls],
      no: thrower,
      fn: () => thrower,
      token: () => assert.fail('was called'),
    }
    assert.deepEqual(safe(fields), {
      n: 1,
      list: [1],
      no: '[threw: no]',
      fn: '[function thrower]',
      token: '[redacted]',
    })
    assert.equal(calls, 1)
  })

  it('lets no promise of a function end the process', async () => {
    assert.deepEqual(safe({ later: async () => thrower() }), { later: '[Promise]' })
    await new Promise(setImmediate)
  })

  it('says what can be said of fields that throw', () => {
    const getter = {
      a: 1,
      get b() {
        return thrower()
      },
      c: 3,
    }
    assert.deepEqual(safe(getter), { a: 1, b: '[threw: no]', c: 3 })
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    assert.match(String(safe(proxy)['…']), /^\[threw: .*revoked\]$/)
    assert.deepEqual(safe(new Proxy({ a: 1 }, { get: thrower })), { a: '[threw: no]' })
  })

  it('shows what was given in place of fields', () => {
    const error = safe(new TypeError('x'))['error']
    assert.ok(error instanceof LoggedError && error.text === 'TypeError: x')
    assert.deepEqual(safe('text'), { value: 'text' })
    assert.deepEqual(safe(7), { value: 7 })
    assert.deepEqual(
      safe(() => ({ a: 1 })),
      { value: { a: 1 } },
    )
    assert.deepEqual(safe(['a', 'b']), { value: ['a', 'b'] })
    assert.deepEqual(safe([['token', 't']]), { value: [['token', '[redacted]']] })
    assert.deepEqual(safe(JSON.parse('{ "__proto__": { "a": 1 } }')), JSON.parse('{ "__proto__": { "a": 1 } }'))
  })

  it('ends where values log themselves when they are looked at', () => {
    let looks = 0
    const self = {
      get again(): unknown {
        looks++
        return safe({ self })
      },
    }
    assert.deepEqual(safe({ self }), {
      self: { again: { self: { again: { '…': 'logged by a value that is being logged' } } } },
    })
    assert.equal(looks, 2)
    assert.deepEqual(safe({ fine: { a: 1n } }), { fine: { a: '1' } })
  })
})

describe('plainChars', () => {
  it('counts texts, keys and values', () => {
    assert.equal(plainChars({}, undefined), 0)
    assert.equal(plainChars({ ab: 'cde', f: 1 }, undefined), 2 + 3 + 16 + 1 + 16)
  })

  it('does not count what must be looked at', () => {
    for (const fields of [
      { a: {} },
      { a: 1n },
      { a: thrower },
      { token: '' },
      { a: 'x'.repeat(8_192) },
      new Error('x'),
      null,
    ])
      assert.equal(plainChars(fields as Fields, redactor), -1)
  })
})

describe('walkedFields', () => {
  it('adds nothing when there is no room', () => {
    assert.deepEqual(walkedFields({ a: 1, b: 2 }, new ValueWalk(undefined, 0)), { '…': '2 more' })
    assert.deepEqual(walkedFields({ a: 'xx', b: 2 }, new ValueWalk(undefined, 18)), { a: 'x…(1 more)', '…': '1 more' })
  })
})

describe('asFields', () => {
  it('gives objects back', () => {
    const fields = { a: 1 }
    assert.equal(asFields(fields), fields)
    assert.deepEqual(asFields(undefined), { value: undefined })
  })

  it('takes bytes for a value, and does not list each of them', () => {
    const bytes = Buffer.alloc(5)
    assert.deepEqual(asFields(bytes), { value: bytes })
    const startedAt = performance.now()
    safeFields(Buffer.alloc(2_000_000) as never, undefined)
    assert.ok(performance.now() - startedAt < 100)
  })
})
