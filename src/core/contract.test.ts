// Tests of contract.ts: what a definition turns into, and every definition that is refused with the method's name.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { bidiStream, clientStream, contract, serverStream, unary } from './contract.ts'

const Sum = z.object({ a: z.number(), b: z.number() })
const Total = z.object({ total: z.number() })
const kinds = { unary, serverStream, clientStream, bidiStream }

/** Defines what the compiler would refuse. */
function loose(name: string, methods: unknown, options?: unknown): unknown {
  return contract(name, methods as Record<never, never>, options as undefined)
}

function refused(methods: unknown, message: RegExp, options?: unknown): void {
  assert.throws(() => loose('shop', methods, options), { message })
}

describe('contract', () => {
  it('knows of each method what goes along with its calls', () => {
    const failed = (response: { total: number }) => response.total < 0
    const { info } = contract('adder', {
      sum: unary({ input: Sum, output: Total, idempotent: true, timeoutMs: 200, failed }),
      count: serverStream.of<number, number>(),
    })
    assert.deepEqual(info.sum, {
      service: 'adder',
      name: 'sum',
      fullName: 'adder/sum',
      kind: 'unary',
      idempotent: true,
      timeoutMs: 200,
      streamLimits: undefined,
      failed,
    })
    assert.equal(info.count.fullName, 'adder/count')
    assert.equal(info.count.idempotent, false)
    assert.equal(info.count.timeoutMs, undefined)
    assert.ok(Object.isFrozen(info.sum), 'it keys weak maps and must stay the same')
  })

  it('has all four kinds, with schemas and with types alone', () => {
    for (const [kind, define] of Object.entries(kinds)) {
      const withSchemas = define({ input: Sum, output: Total, idempotent: true })
      assert.equal(withSchemas.kind, kind)
      assert.equal(withSchemas.input, Sum)
      assert.equal(withSchemas.output, Total)
      const typesAlone = define.of<number, number>({ timeoutMs: 7 })
      assert.equal(typesAlone.kind, kind)
      assert.equal(typesAlone.input, undefined)
      assert.equal(typesAlone.output, undefined)
      assert.equal(typesAlone.timeoutMs, 7)
      assert.equal(define.of().idempotent, false)
      loose('shop', { withSchemas, typesAlone })
    }
  })

  it('is frozen, and a copy of what it was given', () => {
    const methods = { sum: unary.of<number, number>() }
    const shop = contract('shop', methods)
    assert.notEqual(shop.methods, methods)
    assert.ok(Object.isFrozen(shop) && Object.isFrozen(shop.methods) && Object.isFrozen(shop.methods.sum))
  })

  it('may have no methods', () => {
    assert.deepEqual(contract('shop', {}).info, {})
  })

  it('gives each method its routes, with the prefix in front', () => {
    const shop = contract(
      'shop',
      {
        order: unary.of<number, number>(),
        load: unary.of<number, number>({ http: { method: 'GET', path: '/orders/:id' } }),
      },
      { prefix: '/v1' },
    )
    assert.deepEqual(shop.routes, {
      order: [{ method: 'POST', path: '/v1/order' }],
      load: [{ method: 'GET', path: '/v1/orders/:id' }],
    })
    assert.equal(contract('shop', { order: unary.of() }, { prefix: '/' }).routes.order[0]?.path, '/order')
  })
})

describe('the name of a contract', () => {
  it('is a letter, then letters, digits and ._-, 128 at most', () => {
    for (const name of ['a', 'Shop', 'shop.v1', 'my-shop_2', `a${'b'.repeat(127)}`]) {
      assert.equal(contract(name, {}).name, name)
    }
    for (const name of ['', '1a', '_a', 'a/b', 'a b', 'ä', 'a\n', `a${'b'.repeat(128)}`, 5, undefined, null]) {
      assert.throws(() => loose(name as string, {}), { name: 'TypeError', message: /a contract's name must be/ })
    }
  })
})

describe('the name of a method', () => {
  const order = unary.of<number, number>()

  it('is refused when a client with such a member would break', () => {
    const reserved = [
      'then',
      'catch',
      'finally',
      'constructor',
      'prototype',
      'toJSON',
      'toString',
      'toLocaleString',
      'valueOf',
      'hasOwnProperty',
      'isPrototypeOf',
      'propertyIsEnumerable',
      'inspect',
    ]
    for (const name of reserved) refused({ [name]: order }, new RegExp(`^contract shop, method ${name}: .*reserved`))
    for (const name of Object.getOwnPropertyNames(Object.prototype))
      refused({ [name]: order }, /^contract shop, method/)
  })

  it('is refused when a wire or a path could not carry it', () => {
    for (const name of ['', '1st', '_x', '__proto__', 'a-b', 'a.b', 'a/b', 'a b', 'ä', `a${'b'.repeat(128)}`]) {
      refused({ [name]: order }, /the name must be a letter, then letters, digits and _/)
    }
    loose('shop', { [`a${'b'.repeat(127)}`]: order, Order_2: order })
  })
})

describe('a method is refused, by its name,', () => {
  it('when it is not defined with one of the four kinds', () => {
    refused({ order: {} }, /^contract shop, method order: define it with unary, serverStream/)
    refused({ order: () => 1 }, /^contract shop, method order: define it with/)
    for (const nothing of [undefined, null]) refused({ order: nothing }, /^contract shop, method order: /)
  })

  it('when a schema is missing or is not Standard Schema', () => {
    const notSchemas = [undefined, null, {}, 'string', String, { parse: () => 1 }, { '~standard': {} }, () => true]
    for (const schema of notSchemas) {
      refused(
        { order: unary({ input: schema, output: Total } as never) },
        /method order: input must be a Standard Schema/,
      )
      refused(
        { order: unary({ input: Sum, output: schema } as never) },
        /method order: output must be a Standard Schema/,
      )
    }
  })

  it('when its time-out is out of range', () => {
    for (const timeoutMs of [0, 0.5, -1, Number.NaN]) {
      refused({ order: unary.of({ timeoutMs }) }, /^contract shop, method order: timeoutMs must be a number from 1/)
    }
    refused({ order: unary.of({ timeoutMs: '5' as never }) }, /^contract shop, method order: timeoutMs/)
    const endless = contract('shop', { list: serverStream.of({ timeoutMs: Infinity }) })
    assert.equal(endless.info.list.timeoutMs, Infinity)
  })

  it('when its route is not one', () => {
    const route = (path: string) => ({ order: unary.of({ http: { method: 'GET', path: path as '/' } }) })
    refused(route('orders'), /^contract shop, method order: http\.path must begin with a slash/)
    refused(route('/orders/'), /^contract shop, method order: http\.path must be segments/)
    refused(route('/:id/:id'), /^contract shop, method order: http\.path .* has a parameter twice/)
    refused(route('/:id'), /^contract shop, method order: the route .* has a parameter twice/, { prefix: '/:id' })
    refused(
      { order: unary.of({ http: { method: 'TRACE' as 'GET', path: '/' } }) },
      /^contract shop, method order: http\.method/,
    )
  })

  it('when another method answers the same requests, whatever the parameters are called', () => {
    const at = (method: 'GET' | 'PUT', path: `/${string}`) => unary.of<number, number>({ http: { method, path } })
    const taken = /^contract shop, method load: its route GET \/orders\/:number is taken by method order$/
    refused({ order: at('GET', '/orders/:id'), load: at('GET', '/orders/:number') }, taken)
    refused({ a: unary.of(), b: unary.of({ http: { method: 'POST', path: '/a' } }) }, /method b: its route POST \/a is/)
    loose('shop', { order: at('GET', '/orders/:id'), load: at('PUT', '/orders/:id'), all: at('GET', '/orders/all') })
  })

  it('but may have one route twice itself', () => {
    const http = [{ method: 'GET', path: '/a/:id' } as const, { method: 'GET', path: '/a/:name' } as const]
    assert.equal(contract('shop', { order: unary.of({ http }) }).routes.order.length, 2)
  })
})

describe('a prefix', () => {
  it('is refused when it is no path', () => {
    for (const prefix of ['v1', '/v1/', '//', '/a b']) refused({}, /^prefix must/, { prefix })
  })
})
