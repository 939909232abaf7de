// Tests of error-parts.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServiceError } from '../core/errors.ts'
import { errorParts, headline, lineOf, simpleKeys } from './error-parts.ts'

const line = (error: Error) => headline(errorParts(error))

describe('headline', () => {
  it('has the name where it says something', () => {
    assert.equal(line(new Error('refused')), 'refused')
    assert.equal(line(new TypeError('x is no function')), 'TypeError: x is no function')
    assert.equal(line(new ServiceError('not_found', 'no such order')), 'no such order')
    assert.equal(line(new RangeError('')), 'RangeError')
    assert.equal(line(new Error('')), 'Error')
    assert.equal(line(new DOMException('gone', 'AbortError')), 'AbortError: gone')
  })

  it('has the first of those that an error was made of', () => {
    const refused = new Error('connect ECONNREFUSED ::1:5432')
    assert.equal(
      line(new AggregateError([refused, 'timed out'])),
      'AggregateError (connect ECONNREFUSED ::1:5432; timed out)',
    )
    assert.equal(
      line(new AggregateError([refused, 7, new TypeError('x'), 1, 2], 'all failed')),
      'AggregateError: all failed (connect ECONNREFUSED ::1:5432; a thrown number; TypeError: x; 2 more)',
    )
    assert.equal(line(new AggregateError([], 'none')), 'AggregateError: none')
    const self = new AggregateError([], 'self')
    self.errors.push(self)
    assert.equal(line(self), 'AggregateError: self (AggregateError: self)')
  })

  it('says what getters threw, and is bounded', () => {
    const hostile = (key: string) =>
      Object.defineProperty(new TypeError('x'), key, {
        get() {
          throw new Error('no')
        },
      })
    assert.equal(line(hostile('message')), 'TypeError: [threw: no]')
    assert.equal(line(hostile('name')), '[threw: no]: x')
    assert.equal(line(hostile('errors')), 'TypeError: x')
    const errors = new Proxy([], { get: (_, key) => assert.fail(`${String(key)} was read`) })
    assert.match(line(Object.assign(new Error('x'), { errors })), /^x \(\[threw: slice was read\]\)$/)
    assert.equal(line(Object.assign(new Error('x'), { message: Symbol('s') })), 'Symbol(s)')
    assert.ok(line(new AggregateError(Array(50).fill('y'.repeat(20_000)), 'x'.repeat(20_000))).length < 5 * 8_300)
  })
})

describe('lineOf', () => {
  it('says causes once, though an error quotes its own', () => {
    assert.equal(lineOf(['order failed', 'no connection', 'refused']), 'order failed: no connection: refused')
    assert.equal(lineOf(['a:1: refused', 'refused', 'ECONNREFUSED']), 'a:1: refused: ECONNREFUSED')
    assert.equal(lineOf(['zk: a:1: refused; b:1: reset', 'a:1: refused', 'refused']), 'zk: a:1: refused; b:1: reset')
    assert.equal(lineOf(['again', 'again']), 'again')
    assert.equal(lineOf([]), '')
  })

  it('keeps a cause that is only a part of a word or of a reason', () => {
    assert.equal(lineOf(['it failed: refused', 'fused']), 'it failed: refused: fused')
    assert.equal(lineOf(['it failed: not found', 'not']), 'it failed: not found: not')
  })
})

describe('simpleKeys', () => {
  it('names what is neither a part of every error nor a list, an object or a function', () => {
    const error = Object.assign(new Error('x', { cause: 1 }), {
      code: 'ECONNREFUSED',
      status: 503,
      config: {},
      list: [],
      retry: () => {},
      nothing: undefined,
      missing: null,
    })
    assert.deepEqual(simpleKeys(error), ['code', 'status', 'missing'])
  })

  it('looks at no more than is logged', () => {
    const error = Object.assign(
      new Error('x'),
      Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`k${i}`, i])),
    )
    assert.equal(simpleKeys(error).length, 100)
  })
})
