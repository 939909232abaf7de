// Tests of routes.ts: which routes may be declared, and when two of them answer the same requests.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { checkPath, type HttpRoute, type HttpRoutes, routeShape, routesOf } from './routes.ts'

const get = (path: string): HttpRoute => ({ method: 'GET', path: path as `/${string}` })

function refused(declared: unknown, message: RegExp, prefix = ''): void {
  assert.throws(() => routesOf('load', prefix, declared as HttpRoutes), { message })
}

describe('routesOf', () => {
  it('gives a method that declares none POST and its own name', () => {
    assert.deepEqual(routesOf('load', '', undefined), [{ method: 'POST', path: '/load' }])
    assert.deepEqual(routesOf('load', '/v1', undefined), [{ method: 'POST', path: '/v1/load' }])
    assert.deepEqual(routesOf('load', '/v1', []), [{ method: 'POST', path: '/v1/load' }])
  })

  it('takes one route or several, keeps what they say and puts the prefix in front', () => {
    const one: HttpRoute = { method: 'PUT', path: '/profiles/:id', status: 201, body: false }
    assert.deepEqual(routesOf('load', '/v1', one), [{ ...one, path: '/v1/profiles/:id' }])
    assert.deepEqual(
      routesOf('load', '', [one, get('/p/:id')]).map(({ path }) => path),
      ['/profiles/:id', '/p/:id'],
    )
  })

  it('does not change what was declared', () => {
    const declared = Object.freeze([Object.freeze(get('/a'))])
    assert.notEqual(routesOf('load', '/v1', declared)[0], declared[0])
  })

  it('refuses a verb that is not one of the five', () => {
    for (const method of ['get', 'HEAD', 'OPTIONS', 'CONNECT', '', undefined]) {
      refused({ method, path: '/a' }, /http\.method must be one of GET, POST, PUT, PATCH, DELETE, but is/)
    }
  })

  it('refuses a status that says anything but success', () => {
    for (const status of [199, 300, 200.5, Number.NaN, '200', 500]) {
      refused({ ...get('/a'), status }, /http\.status must be an integer from 200 to 299/)
    }
    for (const status of [200, 204, 299]) assert.equal(routesOf('m', '', { ...get('/a'), status })[0]?.status, status)
  })

  it('refuses a parameter that stands in the prefix and again in the path', () => {
    refused(get('/profiles/:tenant'), /\/:tenant\/profiles\/:tenant has a parameter twice/, '/:tenant')
    assert.equal(routesOf('load', '/:tenant', get('/profiles/:id'))[0]?.path, '/:tenant/profiles/:id')
  })

  it('refuses what is no route at all', () => {
    for (const declared of [null, 5, 'GET /a', [null], { method: 'GET' }, { method: 'GET', path: 7 }]) {
      assert.throws(() => routesOf('load', '', declared as never), Error)
    }
  })
})

describe('checkPath', () => {
  it('accepts segments of unreserved characters and parameters', () => {
    for (const path of ['/', '/a', '/a/b-c/d_e.f~g', '/:id', '/a/:id/b/:other_1', '/a%20b', "/a!$&'()*+,;=@", '/...']) {
      assert.equal(checkPath('http.path', path), path)
    }
  })

  it('refuses a path that does not begin with a slash', () => {
    for (const path of ['', 'a', ':id', ' /a', 'http://x/a']) {
      assert.throws(() => checkPath('prefix', path), { message: /^prefix must begin with a slash, but is "/ })
    }
  })

  it('refuses segments that no request could name', () => {
    const bad = ['//', '/a/', '/a//b', '/a b', '/a?b', '/a#b', '/ä', '/a\n', '/a:b', '/:', '/:1', '/:a-b', '/{id}']
    for (const path of [...bad, '/a/../b', '/.', '/a\\b', '/\u0000']) {
      assert.throws(() => checkPath('http.path', path), { message: /^http\.path must be segments of letters/ })
    }
  })

  it('refuses a parameter that is there twice', () => {
    assert.throws(() => checkPath('http.path', '/:id/a/:id'), { message: /^http\.path \/:id\/a\/:id has a parameter/ })
    assert.equal(checkPath('http.path', '/:id/id'), '/:id/id')
  })
})

describe('routeShape', () => {
  const segment = fc.oneof(
    fc.constantFrom('a', 'b', 'profiles').map((text) => ({ text, shape: text })),
    fc.constantFrom('x', 'y', 'long_name').map((name) => ({ text: `:${name}`, shape: ':' })),
  )

  it('is the same exactly when verb, fixed segments and the places of parameters are', () => {
    const paths = fc.array(segment, { minLength: 1, maxLength: 4 })
    const path = (parts: { text: string }[]) => get(`/${parts.map(({ text }) => text).join('/')}`)
    const shape = (parts: { shape: string }[]) => parts.map((part) => part.shape).join('/')
    fc.assert(
      fc.property(paths, paths, (a, b) => {
        assert.equal(routeShape(path(a)) === routeShape(path(b)), shape(a) === shape(b))
      }),
    )
  })

  it('differs by verb', () => {
    assert.notEqual(routeShape(get('/a')), routeShape({ method: 'PUT', path: '/a' }))
  })
})
