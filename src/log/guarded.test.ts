// Tests of guarded.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runInNewContext } from 'node:vm'
import { firstOf, guarded, isError, isList, isMapLike, keysOf, threw } from './guarded.ts'

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

function thrower(thrown: unknown): () => never {
  return () => {
    throw thrown
  }
}

describe('guarded', () => {
  it('gives what is seen, or says what was thrown', () => {
    assert.equal(
      guarded(() => 7),
      7,
    )
    assert.equal(guarded(thrower(new TypeError('no'))), '[threw: no]')
    assert.equal(guarded(thrower('text')), '[threw: text]')
    assert.equal(guarded(thrower(undefined)), '[threw: undefined]')
  })

  it('survives whatever is thrown', () => {
    const hostile = [
      revoked({}),
      revoked(new Error('x')),
      Object.create(null),
      { [Symbol.toPrimitive]: thrower(new Error('again')) },
      { toString: thrower(new Error('again')) },
      Object.defineProperty(new Error('x'), 'message', { get: thrower(new Error('again')) }),
      Object.defineProperty(new Error('x'), 'message', { value: Object.create(null) }),
    ]
    for (const thrown of hostile) assert.equal(threw(thrown), '[threw something that cannot be printed]')
    assert.equal(threw(Symbol('s')), '[threw: Symbol(s)]')
    assert.equal(threw(new Error('x'.repeat(10_000))).length, '[threw: …(1808 more)]'.length + 8_192)
  })
})

describe('isError', () => {
  it('knows errors of every realm', () => {
    for (const error of [
      new Error('x'),
      new TypeError('x'),
      new DOMException('x'),
      Object.create(Error.prototype),
      new AggregateError([]),
      runInNewContext('new RangeError()'),
    ])
      assert.equal(isError(error), true)
    for (const other of [null, undefined, 'Error', { message: 'x' }, Error, revoked(new Error('x'))])
      assert.equal(isError(other), false)
  })
})

describe('isList', () => {
  it('knows lists, also where asking throws', () => {
    assert.equal(isList([]), true)
    assert.equal(isList(runInNewContext('[]')), true)
    for (const other of [{ length: 1 }, 'list', null, revoked([])]) assert.equal(isList(other), false)
  })
})

describe('keysOf', () => {
  it('gives what an object shows itself', () => {
    assert.deepEqual(keysOf(Object.create({ above: 1 }, { shown: { enumerable: true }, hidden: {} })), ['shown'])
    assert.deepEqual(keysOf(new Proxy({}, { ownKeys: thrower('no') })), [])
  })
})

describe('firstOf', () => {
  it('takes no more than is logged, of what never ends either', () => {
    let closed = false
    function* endless() {
      try {
        for (let i = 0; ; i++) yield i
      } finally {
        closed = true
      }
    }
    assert.equal(firstOf(endless()).length, 100)
    assert.equal(closed, true)
    assert.deepEqual(firstOf(new Set([1, 2])), [1, 2])
  })
})

describe('isMapLike', () => {
  it('knows what gives values by name', () => {
    for (const like of [new Map(), new Headers(), new URLSearchParams(), new FormData(), runInNewContext('new Map()')])
      assert.equal(isMapLike(like), true)
  })

  it('knows what would be used up, or has no names', () => {
    for (const other of [new Set(), [], new Map().entries(), { get: 1 }, {}, new WeakMap()])
      assert.equal(isMapLike(other), false)
  })
})
