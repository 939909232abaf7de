// Tests of router.ts: each request leads to at most one route, and always to the same one.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type RoutePath, Router } from './router.ts'

/** A router for routes like `GET /a`, each of which is its own target. */
function router(...routes: readonly string[]): Router<string> {
  return new Router(
    routes.map((route): RoutePath<string> => {
      const [verb = '', path = ''] = route.split(' ')
      return { verb, path, target: route }
    }),
  )
}

/** What a request finds: the route with its parameters, the verbs of its path, or nothing. */
function found(at: Router<string>, request: string): unknown {
  const [verb = '', path = ''] = request.split(' ')
  const match = at.find(verb, path)
  return match !== undefined && 'target' in match ? [match.target, Object.fromEntries(match.parameters)] : match
}

describe('Router', () => {
  it('finds a fixed path, and nothing beside it', () => {
    const at = router('GET /a/b')
    assert.deepEqual(found(at, 'GET /a/b'), ['GET /a/b', {}])
    for (const path of ['/a', '/a/b/', '/a/b/c', '/a/B', '//a/b', '/a//b', '/', '', '*', 'a/b']) {
      assert.equal(found(at, `GET ${path}`), undefined, path)
    }
  })

  it('finds the root', () => {
    assert.deepEqual(found(router('GET /'), 'GET /'), ['GET /', {}])
    assert.equal(found(router('GET /a'), 'GET /'), undefined)
  })

  it('finds nothing when it has no routes', () => {
    assert.equal(found(router(), 'GET /'), undefined)
  })

  it('gives the parameters decoded, a slash in one included', () => {
    const at = router('GET /users/:id/posts/:post')
    assert.deepEqual(found(at, 'GET /users/a%2Fb%20c/posts/%C3%A4+'), [
      'GET /users/:id/posts/:post',
      { id: 'a/b c', post: 'ä+' },
    ])
  })

  it('takes nothing for a parameter that is empty', () => {
    const at = router('GET /users/:id', 'GET /users/:id/posts')
    assert.equal(found(at, 'GET /users/'), undefined)
    assert.equal(found(at, 'GET /users//posts'), undefined)
  })

  it('tells paths apart by what they mean and not by how they are encoded', () => {
    const at = router('GET /a%20b', 'GET /plain')
    assert.deepEqual(found(at, 'GET /a%20b'), ['GET /a%20b', {}])
    assert.deepEqual(found(at, 'GET /%61%20b'), ['GET /a%20b', {}])
    assert.deepEqual(found(at, 'GET /pl%61in'), ['GET /plain', {}])
  })

  it('prefers fixed segments to parameters, and parameters to the rest, in whatever order they were given', () => {
    const routes = ['GET /a/*', 'GET /a/:id', 'GET /a/me', 'GET /:x/me', 'GET /:x/me/z']
    fc.assert(
      fc.property(fc.shuffledSubarray(routes, { minLength: routes.length }), (shuffled) => {
        const at = router(...shuffled)
        assert.deepEqual(found(at, 'GET /a/me'), ['GET /a/me', {}])
        assert.deepEqual(found(at, 'GET /a/you'), ['GET /a/:id', { id: 'you' }])
        assert.deepEqual(found(at, 'GET /a/you/too'), ['GET /a/*', {}])
        assert.deepEqual(found(at, 'GET /b/me'), ['GET /:x/me', { x: 'b' }])
      }),
    )
  })

  it('goes back to a parameter when a fixed segment leads nowhere', () => {
    const at = router('GET /a/b/c', 'GET /:x/b/d', 'GET /:x/:y/e')
    assert.deepEqual(found(at, 'GET /a/b/d'), ['GET /:x/b/d', { x: 'a' }])
    assert.deepEqual(found(at, 'GET /a/b/e'), ['GET /:x/:y/e', { x: 'a', y: 'b' }])
  })

  it('takes a last star for all below, and for the path itself', () => {
    const at = router('GET /files/*', 'GET /files/top')
    for (const path of ['/files', '/files/', '/files/a', '/files/a/b/c', '/files/top/a']) {
      assert.deepEqual(found(at, `GET ${path}`), ['GET /files/*', {}], path)
    }
    assert.deepEqual(found(at, 'GET /files/top'), ['GET /files/top', {}])
    assert.equal(found(at, 'GET /filesystem'), undefined)
  })

  it('gives each verb of a path its own names', () => {
    const at = router('GET /u/:id', 'DELETE /u/:name')
    assert.deepEqual(found(at, 'GET /u/1'), ['GET /u/:id', { id: '1' }])
    assert.deepEqual(found(at, 'DELETE /u/1'), ['DELETE /u/:name', { name: '1' }])
  })

  it('is not taken in by names that every object has', () => {
    const at = router('GET /a', 'GET /:x/y')
    for (const name of ['constructor', '__proto__', 'toString']) {
      assert.equal(found(at, `GET /${name}`), undefined)
      assert.deepEqual(at.find('GET', `/${name}/y`), { target: 'GET /:x/y', parameters: [['x', name]] })
      assert.deepEqual(found(at, `${name} /a`), ['GET', 'HEAD', 'OPTIONS'])
    }
  })

  it('refuses a path that cannot be decoded, wherever it would lead', () => {
    const at = router('GET /a/:id', 'GET /files/*')
    for (const path of ['/a/%', '/a/%ff', '/none/%zz', '/a/%00', '/files/a/%']) {
      assert.throws(() => found(at, `GET ${path}`), { code: 'invalid_argument' }, path)
    }
  })

  it('survives a path of a great many segments', () => {
    const at = router('GET /:a/:b', 'GET /a/*')
    assert.equal(found(at, `GET ${'/x'.repeat(100_000)}`), undefined)
    assert.deepEqual(found(at, `GET /a${'/x'.repeat(100_000)}`), ['GET /a/*', {}])
  })

  it('finds every route by the path that its parameters make', () => {
    const segment = fc.constantFrom('a', 'b', ':p')
    const paths = fc.uniqueArray(fc.array(segment, { minLength: 1, maxLength: 4 }), {
      selector: (segments) => segments.join('/'),
      maxLength: 20,
    })
    fc.assert(
      fc.property(paths, (all) => {
        const routes = all.map((segments) => `GET /${segments.join('/')}`)
        const at = router(...routes)
        // A value that is no fixed segment, so that no other route is nearer.
        for (const route of routes) {
          const match = at.find('GET', route.slice(4).replaceAll(':p', 'v'))
          assert.ok(match !== undefined && 'target' in match)
          assert.equal(match.target, route)
          assert.ok(match.parameters.every(([name, value]) => name === 'p' && value === 'v'))
        }
      }),
    )
  })
})

describe('a verb', () => {
  it('that the path does not have gets the sorted list of those that it has', () => {
    const at = router('POST /a', 'GET /a', 'PUT /a/:id', 'GET /only/:id')
    assert.deepEqual(found(at, 'DELETE /a'), ['GET', 'HEAD', 'OPTIONS', 'POST'])
    assert.deepEqual(found(at, 'GET /a/1'), ['OPTIONS', 'PUT'])
    assert.deepEqual(found(at, 'OPTIONS /only/1'), ['GET', 'HEAD', 'OPTIONS'])
  })

  it('that the more special path does not have is looked for in the others', () => {
    const at = router('GET /users/me', 'DELETE /users/:id', '* /*')
    assert.deepEqual(found(at, 'DELETE /users/me'), ['DELETE /users/:id', { id: 'me' }])
    assert.deepEqual(found(at, 'POST /users/me'), ['* /*', {}])
    assert.deepEqual(found(router('GET /u/me', 'PUT /u/:id'), 'POST /u/me'), ['GET', 'HEAD', 'OPTIONS', 'PUT'])
  })

  it('is told apart by its letters: verbs are case-sensitive', () => {
    assert.deepEqual(found(router('GET /a'), 'get /a'), ['GET', 'HEAD', 'OPTIONS'])
  })

  it('HEAD is answered by GET', () => {
    const at = router('GET /a', 'GET /u/:id', 'POST /p')
    assert.deepEqual(found(at, 'HEAD /a'), ['GET /a', {}])
    assert.deepEqual(found(at, 'HEAD /u/1'), ['GET /u/:id', { id: '1' }])
    assert.deepEqual(found(at, 'HEAD /p'), ['OPTIONS', 'POST'])
  })

  it('that no other route of the path has goes to the route for all verbs', () => {
    const at = router('* /a', 'GET /a')
    assert.deepEqual(found(at, 'GET /a'), ['GET /a', {}])
    assert.deepEqual(found(at, 'HEAD /a'), ['GET /a', {}])
    assert.deepEqual(found(at, 'PURGE /a'), ['* /a', {}])
    assert.deepEqual(found(at, 'OPTIONS /a'), ['* /a', {}])
  })
})

describe('two routes', () => {
  it('that answer the same requests are refused', () => {
    for (const [one = '', other = ''] of [
      ['GET /a', 'GET /a'],
      ['GET /a/:id', 'GET /a/:name'],
      ['GET /a/*', 'GET /a/*'],
      ['GET /ab', 'GET /a%62'],
    ]) {
      assert.throws(() => router(one, other), { name: 'TypeError', message: /two methods have the route GET/ })
    }
  })

  it('of one path with different verbs are not', () => {
    router('GET /a', 'POST /a', '* /a', 'GET /a/:id', 'PUT /a/:id')
  })
})
