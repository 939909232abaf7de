// Go kit's own HTTP transport and ours, each as the server of the other: the same bytes, the same defaults.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { stringsvc } from '../../examples/stringsvc/stringsvc1/stringsvc.ts'
import { endpoints, ServiceError } from '../../src/index.ts'
import { httpCall } from '../../src/transport/http/call.ts'
import { httpClient } from '../../src/transport/http/client.ts'
import { httpServer } from '../../src/transport/http/server.ts'
import { addressOf, skipUnless } from '../servers/addresses.ts'

const served = endpoints(stringsvc, {
  uppercase: ({ s }) => (s === '' ? { v: '', err: 'empty string' } : { v: s.toUpperCase(), err: null }),
  count: ({ s }) => ({ v: Buffer.byteLength(s) }),
})

describe("our client calls Go kit's server", skipUnless('gokit'), () => {
  const to = (path: string, method = 'POST') =>
    httpCall<unknown, unknown>({ method, url: `${addressOf('gokit')}/${path}` })

  for (const method of ['POST', 'PUT', 'GET']) {
    it(`with ${method} and a JSON body`, async () => {
      await using uppercase = to('uppercase', method)
      assert.deepEqual(await uppercase({ s: 'hello, żółć' }), { v: 'HELLO, ŻÓŁĆ' })
    })
  }

  it('and gets a business error as part of a good reply', async () => {
    await using uppercase = to('uppercase')
    assert.deepEqual(await uppercase({ s: '' }), { v: '', err: 'empty string' })
  })

  it('and gets the failure of an endpoint, which comes as 500 with plain text', async () => {
    await using sum = to('sum')
    assert.deepEqual(await sum({ a: 20, b: 22 }), { v: 42 })
    await assert.rejects(sum({ a: 0, b: 0 }), (error) => {
      assert.ok(error instanceof ServiceError)
      assert.equal(error.code, 'internal')
      return true
    })
  })

  it('and gets what the server says of a path that it does not have', async () => {
    await using nothing = to('nothing')
    await assert.rejects(nothing({}), { code: 'not_found' })
  })

  it('with a typed client of the contract', async () => {
    await using client = httpClient(stringsvc, { baseUrl: addressOf('gokit') })
    assert.deepEqual(await client.count({ s: '€' }), { v: 3 })
  })
})

describe("Go kit's client calls our server", skipUnless('gokit'), () => {
  /** What the client prints, to a server of ours that is up only for this. */
  async function call(method: string, path: string, request: unknown): Promise<unknown> {
    await using server = await httpServer(stringsvc, served).listen({ port: 0, host: '127.0.0.1' })
    const args = [`-method=${method}`, `${server.url}${path}`, JSON.stringify(request)]
    const { stdout } = await promisify(execFile)(addressOf('gokit', 'call'), args)
    return JSON.parse(stdout)
  }

  for (const method of ['POST', 'GET']) {
    it(`with ${method} and a JSON body`, async () => {
      assert.deepEqual(await call(method, '/uppercase', { s: 'hello' }), { v: 'HELLO', err: null })
      assert.deepEqual(await call(method, '/count', { s: 'żółć' }), { v: 8 })
    })
  }

  it('and gets a business error as part of a good reply', async () => {
    assert.deepEqual(await call('POST', '/uppercase', { s: '' }), { v: '', err: 'empty string' })
  })

  it('and gets our problem document when the request does not fit', async () => {
    await assert.rejects(call('POST', '/count', { s: 1 }), /400 Bad Request: \{.*"code":"invalid_argument"/s)
  })

  it('and gets our problem document for a path that there is not', async () => {
    await assert.rejects(call('POST', '/nothing', {}), /404 Not Found: \{.*"code":/s)
  })
})
