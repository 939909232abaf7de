// Tests of request-form.ts: what a client writes into path, query and body is what a server reads back.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import * as z from 'zod'
import type { HttpRoute } from '../../core/routes.ts'
import { jsonCodec } from '../codec.ts'
import { InputJoiner } from './input.ts'
import { type FormedRequest, requestForm } from './request-form.ts'
import { Router } from './router.ts'
import { queryOf, splitTarget } from './target.ts'

const get: HttpRoute = { method: 'GET', path: '/users/:id' }
const put: HttpRoute = { method: 'PUT', path: '/users/:id' }

/** What a server makes of a request that was formed for the route. */
function received({ path: target, body }: FormedRequest, { method, path }: HttpRoute, joiner: InputJoiner): unknown {
  const asked = splitTarget(target)
  const match = new Router([{ verb: method, path, target: 'it' }]).find(method, asked.path)
  assert.ok(match !== undefined && 'target' in match, `no route: ${target}`)
  const query = queryOf(asked.query)
  if (body === undefined) return joiner.bodiless(match.parameters, query)
  return joiner.join(jsonCodec().decode(new TextEncoder().encode(body)), match.parameters, query)
}

/** Text that a path or a query can carry. */
const text = fc.string({ unit: 'grapheme' }).map((made) => made.toWellFormed().replaceAll('\0', ''))
const parameter = fc
  .oneof(text, fc.constantFrom('a/b', '?', '#', '%', '%2F', ' ', '+', '...', ':id', '*', 'ä€😀'))
  .filter((made) => !['', '.', '..'].includes(made))
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((made) => (made === 0 ? 0 : made))

describe('requestForm', () => {
  it('puts members into the path, and the rest into the query or the body', () => {
    const request = { id: 'a/b c', name: 'ä', age: 5 }
    assert.deepEqual(requestForm(get, '')(request), { path: '/users/a%2Fb%20c?name=%C3%A4&age=5', body: undefined })
    assert.deepEqual(requestForm(put, '')(request), { path: '/users/a%2Fb%20c', body: '{"name":"ä","age":5}' })
  })

  it('puts the base before it', () => {
    assert.equal(requestForm(get, '/api/v1')({ id: 1 }).path, '/api/v1/users/1')
    assert.equal(requestForm({ method: 'POST', path: '/a' }, '/api')({}).path, '/api/a')
    assert.equal(requestForm({ method: 'GET', path: '/' }, '')({ a: 1 }).path, '/?a=1')
  })

  it('follows the route where it says whether there is a body', () => {
    const remove: HttpRoute = { method: 'DELETE', path: '/users/:id', body: true }
    assert.deepEqual(requestForm(remove, '')({ id: 1, why: 'old' }), { path: '/users/1', body: '{"why":"old"}' })
    const post: HttpRoute = { method: 'POST', path: '/ping', body: false }
    assert.deepEqual(requestForm(post, '')({ n: 1 }), { path: '/ping?n=1', body: undefined })
  })

  it('sends any JSON value as a body where nothing goes elsewhere', () => {
    const form = requestForm({ method: 'POST', path: '/a' }, '')
    for (const request of [{ a: 1 }, [1], 'x', 5, null]) assert.equal(form(request).body, JSON.stringify(request))
    assert.deepEqual(form(undefined), { path: '/a', body: undefined })
  })

  it('is read back by a server, without a body', () => {
    const schema = z.object({
      id: z.string(),
      n: z.number(),
      yes: z.boolean(),
      name: z.string(),
      list: z.array(z.number()),
      words: z.array(z.string()),
    })
    const joiner = new InputJoiner(schema)
    const request = fc.record(
      {
        id: parameter,
        n: number,
        yes: fc.boolean(),
        name: text,
        list: fc.array(number, { minLength: 1, maxLength: 4 }),
        words: fc.array(text, { minLength: 1, maxLength: 4 }),
      },
      { noNullPrototype: true },
    )
    fc.assert(
      fc.property(request, (given) => assert.deepEqual(received(requestForm(get, '')(given), get, joiner), given)),
    )
  })

  it('is read back by a server, whatever the members are called', () => {
    const joiner = new InputJoiner(undefined)
    const name = fc
      .oneof(text, fc.constantFrom('constructor', 'toString', 'a[]', 'a&b=c', ''))
      .filter((made) => made !== 'id' && made !== '__proto__')
    fc.assert(
      fc.property(fc.dictionary(name, text, { noNullPrototype: true }), parameter, (members, id) => {
        const given = { ...members, id }
        assert.deepEqual(received(requestForm(get, '')(given), get, joiner), given)
      }),
    )
  })

  it('is read back by a server, with a body', () => {
    const joiner = new InputJoiner(z.object({ id: z.number() }))
    const value = fc.jsonValue().filter((made) => !/"(?:__proto__|constructor)"/.test(JSON.stringify(made)))
    fc.assert(
      fc.property(number, value, (id, made) => {
        const given = { more: JSON.parse(JSON.stringify(made)), id }
        assert.deepEqual(received(requestForm(put, '')(given), put, joiner), given)
      }),
    )
  })

  it('writes dates and large integers as the text that stands for them', () => {
    const { path } = requestForm(get, '')({ id: 10n ** 20n, at: new Date(0) })
    assert.equal(path, '/users/100000000000000000000?at=1970-01-01T00%3A00%3A00.000Z')
  })

  it('leaves members without a value out of the query', () => {
    assert.equal(requestForm(get, '')({ id: 1, a: undefined, b: null, c: [], d: '' }).path, '/users/1?d=')
    assert.equal(requestForm({ method: 'GET', path: '/a' }, '')(undefined).path, '/a')
  })

  it('replaces half a surrogate pair, which no URL can carry', () => {
    assert.equal(
      requestForm(get, '')({ id: '\ud800', '\udc00': '\ud800' }).path,
      '/users/%EF%BF%BD?%EF%BF%BD=%EF%BF%BD',
    )
  })

  it('refuses a parameter that would make another path', () => {
    for (const id of [undefined, '', '.', '..']) {
      for (const route of [get, put]) {
        assert.throws(() => requestForm(route, '')({ id }), { code: 'invalid_argument', message: /the member id/ })
      }
    }
    assert.throws(() => requestForm(get, '')(undefined), { code: 'invalid_argument' })
    const inherited: HttpRoute = { method: 'GET', path: '/a/:constructor' }
    assert.throws(() => requestForm(inherited, '')({}), { code: 'invalid_argument' })
  })

  it('refuses what a path or a query has no text for', () => {
    for (const value of [{}, () => {}, Symbol('x'), new Date(Number.NaN), [[1]], [null], [{}]]) {
      assert.throws(() => requestForm(get, '')({ id: 1, value }), { code: 'invalid_argument', message: /member value/ })
    }
    for (const id of [null, {}, [1]]) assert.throws(() => requestForm(put, '')({ id }), { code: 'invalid_argument' })
  })

  it('refuses a request without members where they go into the path or the query', () => {
    for (const request of [null, 5, 'x', [1]]) {
      for (const route of [get, put]) {
        assert.throws(() => requestForm(route, '')(request), { code: 'invalid_argument', message: /must be an object/ })
      }
    }
  })

  it('refuses a body that is no JSON, as the fault of the caller', () => {
    const circle: Record<string, unknown> = { id: 1 }
    circle['self'] = circle
    for (const request of [circle, { id: 1, count: 10n }]) {
      assert.throws(() => requestForm(put, '')(request), { code: 'invalid_argument', message: /could not be encoded/ })
    }
  })
})
