// Tests of input.ts: parameters become what the schema wants, and nothing that a stranger names does harm.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type } from 'arktype'
import fc from 'fast-check'
import * as v from 'valibot'
import * as z from 'zod'
import type { Schema } from '../../core/schema.ts'
import { InputJoiner, type Parameters } from './input.ts'
import { queryOf } from './target.ts'

const bodiless = (schema: Schema | undefined, query: string, path: Parameters = []) =>
  new InputJoiner(schema).bodiless(path, queryOf(query))

/** What one schema makes of the parameter `x`. */
const read = (schema: z.ZodType, query: string) =>
  (bodiless(z.object({ x: schema }), query) as { readonly x: unknown }).x

describe('a parameter', () => {
  it('becomes a number where the schema wants one', () => {
    for (const [text, number] of [
      ['5', 5],
      ['-0.5', -0.5],
      ['1e3', 1_000],
      ['1.5E-2', 0.015],
      ['0', 0],
    ] as const) {
      for (const schema of [z.number(), z.int(), z.number().optional(), z.number().nullable(), z.number().default(1)]) {
        assert.equal(read(schema, `x=${text}`), number)
      }
    }
  })

  it('becomes every number that JSON can write', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        assert.equal(read(z.number(), `x=${encodeURIComponent(JSON.stringify(number))}`), number === 0 ? 0 : number)
      }),
    )
  })

  it('stays text where it is no number as JSON has it, so that validation can say so', () => {
    for (const text of [
      '',
      ' 5',
      '5 ',
      '0x10',
      '01',
      '.5',
      '5.',
      '+5',
      'NaN',
      'Infinity',
      '1_000',
      '1,5',
      'five',
      '٥',
    ]) {
      assert.equal(read(z.number(), `x=${encodeURIComponent(text)}`), text)
    }
  })

  it('becomes a boolean where the schema wants one, and by these two words alone', () => {
    assert.equal(read(z.boolean(), 'x=true'), true)
    assert.equal(read(z.boolean().optional(), 'x=false'), false)
    for (const text of ['1', '0', 'yes', 'TRUE', '', 'null']) assert.equal(read(z.boolean(), `x=${text}`), text)
  })

  it('stays text where the schema wants text, whatever it looks like', () => {
    for (const text of ['5', 'true', '1e3', 'null', '']) {
      assert.equal(read(z.string(), `x=${text}`), text)
      assert.equal(read(z.string().optional(), `x=${text}`), text)
      assert.equal(read(z.union([z.string(), z.number(), z.boolean()]), `x=${text}`), text)
    }
  })

  it('becomes what fits of a union', () => {
    const either = z.union([z.number(), z.boolean()])
    assert.deepEqual([read(either, 'x=5'), read(either, 'x=true'), read(either, 'x=a')], [5, true, 'a'])
  })

  it('becomes what the values of an enum or a literal are', () => {
    assert.equal(read(z.enum(['1', '2']), 'x=1'), '1')
    assert.equal(read(z.literal([1, 2]), 'x=2'), 2)
    assert.equal(read(z.literal(true), 'x=true'), true)
    assert.equal(read(z.enum({ low: 1, high: 2 }), 'x=2'), 2)
  })

  it('becomes a list where the schema wants one, also when it was sent once', () => {
    assert.deepEqual(read(z.array(z.number()), 'x=1'), [1])
    assert.deepEqual(read(z.array(z.number()), 'x=1&x=b&x=3'), [1, 'b', 3])
    assert.deepEqual(read(z.array(z.boolean()).optional(), 'x=true&x=false'), [true, false])
    assert.deepEqual(read(z.array(z.string()), 'x=1&x=true'), ['1', 'true'])
  })

  it('is a list when it was sent more than once, so that validation can say so', () => {
    assert.deepEqual(read(z.number(), 'x=1&x=2'), ['1', '2'])
    assert.deepEqual(bodiless(undefined, 'x=1&y=2&x=3'), { x: ['1', '3'], y: '2' })
  })

  it('becomes what a definition elsewhere in the schema wants', () => {
    const page = z.number().meta({ id: 'Page' })
    const schema = z.object({ page, pages: z.array(page) })
    assert.deepEqual(bodiless(schema, 'page=1&pages=2'), { page: 1, pages: [2] })
  })

  it('becomes what an intersection, or a part of a union, wants', () => {
    const both = z.intersection(z.object({ a: z.number() }), z.object({ b: z.boolean() }))
    assert.deepEqual(bodiless(both, 'a=1&b=true'), { a: 1, b: true })
    const some = z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('one'), a: z.number() }),
      z.object({ kind: z.literal('two'), b: z.boolean() }),
    ])
    assert.deepEqual(bodiless(some, 'kind=two&b=true'), { kind: 'two', b: true })
    assert.deepEqual(bodiless(some, 'kind=one&a=1'), { kind: 'one', a: 1 })
  })

  it('is read by a schema that refers to itself', () => {
    const node = z.object({
      n: z.number(),
      get next() {
        return node.optional()
      },
    })
    assert.deepEqual(bodiless(node, 'n=1'), { n: 1 })
  })

  it('becomes what arktype wants', () => {
    const schema = type({ n: 'number', i: 'number.integer', b: 'boolean', e: '1 | 2', l: 'number[]', t: 'string' })
    const asked = 'n=1.5&i=2&b=true&e=1&l=1&t=5'
    assert.deepEqual(bodiless(schema, asked), { n: 1.5, i: 2, b: true, e: 1, l: [1], t: '5' })
  })

  it('stays text when the schema cannot say what it wants, as those of valibot', () => {
    const schema = v.object({ n: v.pipe(v.string(), v.toNumber()) })
    const input = bodiless(schema, 'n=5')
    assert.deepEqual(input, { n: '5' })
    assert.deepEqual(v.parse(schema, input), { n: 5 })
    assert.deepEqual(bodiless(undefined, 'n=5'), { n: '5' })
  })

  it('that the schema does not name stays text', () => {
    assert.deepEqual(bodiless(z.object({ n: z.number() }), 'm=5'), { m: '5' })
  })
})

describe('a schema', () => {
  it('that has members which JSON cannot say still says what the others are', () => {
    const schema = z.object({ since: z.coerce.date().optional(), limit: z.number().optional() })
    assert.deepEqual(bodiless(schema, 'limit=5&since=2026-01-01'), { limit: 5, since: '2026-01-01' })
    assert.deepEqual(bodiless(schema, ''), {})
  })

  it('of several shapes leaves text what one of them wants as text', () => {
    const schema = z.discriminatedUnion('k', [
      z.object({ k: z.literal('b'), v: z.string() }),
      z.object({ k: z.literal('a'), v: z.number() }),
    ])
    assert.deepEqual(bodiless(schema, 'k=b&v=5'), { k: 'b', v: '5' })
  })

  it('of members of any name, or of lists of several types, is read too', () => {
    assert.deepEqual(bodiless(z.record(z.string(), z.number()), 'a=1&b=x'), { a: 1, b: 'x' })
    assert.deepEqual(bodiless(z.object({ at: z.tuple([z.number(), z.number()]) }), 'at=1&at=2'), { at: [1, 2] })
  })
})

describe('a parameter whose name every object has', () => {
  it('is a member like any other', () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty', 'prototype']) {
      for (const input of [bodiless(z.object({}), `${name}=1`), bodiless(undefined, '', [[name, '1']])]) {
        assert.equal(Object.getPrototypeOf(input), Object.prototype)
        assert.deepEqual(Object.entries(input as object), [[name, '1']])
      }
    }
    assert.equal(Object.hasOwn({}, 'constructor'), false)
  })

  it('is refused when it would change the prototype', () => {
    const refusal = { code: 'invalid_argument', message: /__proto__ is not allowed/ }
    const joiner = new InputJoiner(z.object({}))
    assert.throws(() => bodiless(z.object({}), '__proto__=1'), refusal)
    assert.throws(() => bodiless(undefined, 'a=1&%5F_proto__=1'), refusal)
    assert.throws(() => bodiless(undefined, '', [['__proto__', 'x']]), refusal)
    assert.throws(() => joiner.join({ a: 1 }, [], [['__proto__', 'x']]), refusal)
    assert.throws(() => joiner.join(JSON.parse('{"__proto__":1}'), [['a', 'x']], []), refusal)
    assert.equal((bodiless(undefined, '__proto__.a=1') as Record<string, unknown>)['a'], undefined)
  })
})

describe('InputJoiner.join', () => {
  const joiner = new InputJoiner(z.object({ a: z.number(), b: z.number(), c: z.number() }))

  it('lets the path win over the body, and the body over the query', () => {
    const query: Parameters = ['a', 'b', 'c'].map((name) => [name, '1'] as const)
    assert.deepEqual(joiner.join({ b: 2, c: 2 }, [['c', '3']], query), { a: 1, b: 2, c: 3 })
  })

  it('leaves members of the body as they are', () => {
    assert.deepEqual(joiner.join({ b: '2' }, [['a', '1']], []), { a: 1, b: '2' })
  })

  it('gives the body itself when nothing joins it', () => {
    for (const body of [undefined, null, 5, 'x', [1], { a: 1 }]) assert.equal(joiner.join(body, [], []), body)
  })

  it('leaves alone the body that it was given', () => {
    const body = Object.freeze({ b: 2 })
    assert.deepEqual(joiner.join(body, [['a', '1']], []), { a: 1, b: 2 })
    assert.deepEqual(body, { b: 2 })
  })

  it('takes a body that is missing for one without members', () => {
    assert.deepEqual(joiner.join(undefined, [['a', '1']], [['b', '2']]), { a: 1, b: 2 })
  })

  it('refuses a body that parameters of the path could not join', () => {
    for (const body of [null, 5, 'x', true, [1]]) {
      assert.throws(() => joiner.join(body, [['a', '1']], []), {
        code: 'invalid_argument',
        message: /must be an object/,
      })
    }
  })
})

describe('InputJoiner.faultOf', () => {
  const fault = (schema: Schema | undefined, parameters: readonly string[], hasBody = true) =>
    new InputJoiner(schema).faultOf(parameters, hasBody)

  it('finds a parameter of which the input knows nothing', () => {
    for (const schema of [z.object({ s: z.string() }), type({ s: 'string' })]) {
      assert.match(fault(schema, ['id']) ?? '', /:id, of which its input knows nothing/)
      assert.equal(fault(schema, ['s']), undefined)
    }
  })

  it('finds an input that parameters cannot join', () => {
    assert.match(fault(z.string(), ['id']) ?? '', /must be an object, but it is of type string/)
    assert.match(fault(z.string(), [], false) ?? '', /must be an object/)
    assert.equal(fault(z.string(), []), undefined)
  })

  it('finds nothing where the schema does not say', () => {
    for (const schema of [undefined, z.record(z.string(), z.number()), z.looseObject({ s: z.string() }), z.any()]) {
      assert.equal(fault(schema, ['id'], false), undefined)
    }
    assert.equal(fault(z.void(), [], false), undefined)
  })
})

describe('InputJoiner.bodiless', () => {
  it('is an object without members for a request that says nothing', () => {
    for (const schema of [z.object({}), v.object({}), type({}), undefined]) assert.deepEqual(bodiless(schema, ''), {})
  })

  it('is nothing at all where the schema wants nothing at all', async () => {
    for (const schema of [z.void(), z.undefined()]) {
      assert.equal(bodiless(schema, ''), undefined)
      assert.deepEqual(await schema['~standard'].validate(bodiless(schema, '')), { value: undefined })
    }
  })
})
