import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedHttpService, type HttpServiceOptions } from './http-service-options.ts'

const checked = (options: HttpServiceOptions) =>
  checkedHttpService(options, { kind: 'consul', defaultUrl: 'http://127.0.0.1:8500' })

describe('checkedHttpService', () => {
  it('has the default of its kind, and sends a token as a bearer does', () => {
    const { urls, name, authorization } = checked({})
    assert.deepEqual([urls, name], [['http://127.0.0.1:8500'], 'consul at http://127.0.0.1:8500'])
    assert.deepEqual(authorization('sesame'), { authorization: 'Bearer sesame' })
  })

  it('takes several servers, and names them all', () => {
    const { urls, name } = checked({ url: ['http://a:1/', 'https://b:2/behind'] })
    assert.deepEqual([urls, name], [['http://a:1', 'https://b:2/behind'], 'consul at http://a:1, https://b:2/behind'])
    assert.throws(() => checked({ url: [] }), { message: 'url must name one server at least' })
    assert.throws(() => checked({ url: ['http://a:1', 'b'] }), {
      message: 'url must be like http://host:port, but is "b"',
    })
  })

  it('refuses URLs that are none, and those that would give a secret away', () => {
    for (const url of ['127.0.0.1:8500', 'ftp://a', 'http://a/?b', 'http://a/#b', ''])
      assert.throws(() => checked({ url }), /^TypeError: url must be like http:\/\/host:port, but is/)
    assert.throws(() => checked({ url: 'http://me:secret@a' }), {
      message: 'url must have no user and no password',
    })
    for (const url of ['http://me:secret@a/?b', 'ftp://me:secret@a', 'http://me:se/cret@a b', 'me:secret@a:8500'])
      assert.throws(() => checked({ url }), /^TypeError: url must be like http:\/\/host:port, but is "…@a/)
  })

  it('refuses what is no token, and a certificate without its key', () => {
    assert.throws(() => checked({ token: 7 as never }), { message: 'token must be a text or a function' })
    assert.throws(() => checked({ tls: { cert: 'x' } }), /tls.cert and tls.key/)
  })
})
