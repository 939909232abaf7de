import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { type Kind, type MethodInfo, noMethod } from '../core/method.ts'
import { checkedKey, checkText } from './call-key.ts'

const method = (name: string, kind: Kind = 'unary'): MethodInfo => ({
  ...noMethod,
  name,
  fullName: `shop/${name}`,
  kind,
})

describe('checkedKey', () => {
  it('gives the key that is found, and undefined for a call that goes alone', () => {
    const key = checkedKey<string | number | undefined>('cache', (request) => request)
    for (const found of ['', 'a', 0, 1.5, Number.NaN, undefined]) assert.equal(key(found, rootContext()), found)
  })

  it('refuses a key that is neither text nor a number', () => {
    for (const found of [null, {}, true, 1n, Symbol('a')]) {
      const key = checkedKey<void>('cache', () => found as never)
      assert.throws(() => key(undefined, rootContext()), {
        name: 'TypeError',
        message: /^cache: key must give a string, a number or undefined, but what it gave is (null|of type \w+)$/,
      })
    }
  })

  it('refuses a key function that is none', () => {
    assert.throws(() => checkedKey('coalesce', 'id' as never), {
      name: 'TypeError',
      message: 'coalesce: key must be a function, but is string',
    })
  })

  it('passes on what the key function throws', () => {
    const key = checkedKey<void>('cache', () => {
      throw new RangeError('no id')
    })
    assert.throws(() => key(undefined, rootContext()), /RangeError: no id/)
  })

  it('refuses the three streaming kinds', () => {
    for (const kind of ['serverStream', 'clientStream', 'bidiStream'] as const) {
      const key = checkedKey<string>('cache', (request) => request)
      assert.throws(() => key('a', rootContext({ method: method('list', kind) })), {
        name: 'TypeError',
        message: `cache: shop/list is of kind ${kind}, but only unary calls can share`,
      })
    }
  })

  it('refuses a second method, and takes the same one of another contract object', () => {
    const key = checkedKey<string>('cache', (request) => request)
    assert.equal(key('a', rootContext({ method: method('price') })), 'a')
    assert.equal(key('a', rootContext({ method: method('price') })), 'a')
    assert.throws(
      () => key('a', rootContext({ method: method('stock') })),
      /shop\/stock and shop\/price must each have/,
    )
  })
})

describe('checkText', () => {
  it('refuses a key that would be one for all', () => {
    assert.equal(checkText('rateLimit', 'a'), 'a')
    for (const [key, what] of [
      [undefined, 'of type undefined'],
      [null, 'null'],
      [7, 'of type number'],
    ])
      assert.throws(() => checkText('rateLimit', key), {
        name: 'TypeError',
        message: `rateLimit: key must give a string, but what it gave is ${what}`,
      })
  })
})
