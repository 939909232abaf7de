import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readRefusal, reasonOf, refusalIn } from './refusal.ts'

const text = 'etcdserver: requested lease not found'

describe('refusalIn', () => {
  it('reads the forms of 3.4 and 3.6, and of their streams', () => {
    const forms = [
      { error: text, message: text, code: 5 },
      { code: 5, message: text },
      { error: { code: 5, message: text } },
      { error: { grpc_code: 5, http_code: 404, message: text, http_status: 'Not Found' } },
    ]
    for (const form of forms) assert.deepEqual(refusalIn(form), { code: 'not_found', text })
  })

  it('has the codes of gRPC by their numbers', () => {
    const codes = [1, 2, 3, 4, 7, 8, 9, 11, 13, 14, 16, 99].map((code) => refusalIn({ code, message: 'x' })?.code)
    const expected = 'canceled unknown invalid_argument deadline_exceeded permission_denied resource_exhausted'
    const others = 'failed_precondition out_of_range internal unavailable unauthenticated unknown'
    assert.deepEqual(codes, `${expected} ${others}`.split(' '))
  })

  it('tells by the text what the code does not', () => {
    const codeOf = (message: string) => refusalIn({ code: 3, message })?.code
    assert.equal(codeOf('etcdserver: user name is empty'), 'unauthenticated')
    assert.equal(codeOf('etcdserver: invalid auth token'), 'unauthenticated')
    assert.equal(codeOf('etcdserver: revision of auth store is old'), 'unauthenticated')
    assert.equal(codeOf('etcdserver: lease already exists'), 'already_exists')
  })

  it('finds none in what is no refusal', () => {
    for (const said of [undefined, null, 7, 'x', [], {}, { result: {} }, { error: null }, { code: 'x', message: 'y' }])
      assert.equal(refusalIn(said), undefined)
  })
})

describe('reasonOf', () => {
  it('reads why a watch was canceled', () => {
    assert.deepEqual(reasonOf('rpc error: code = PermissionDenied desc = etcdserver: permission denied'), {
      code: 'permission_denied',
      text: 'etcdserver: permission denied',
    })
    assert.equal(
      reasonOf('rpc error: code = InvalidArgument desc = etcdserver: user name is empty').code,
      'unauthenticated',
    )
    assert.deepEqual(reasonOf('etcdserver: no leader'), { code: 'unknown', text: 'etcdserver: no leader' })
  })
})

describe('readRefusal', () => {
  it('says what to look at', () => {
    assert.deepEqual(readRefusal(404, '404 page not found\n'), {
      code: 'unimplemented',
      hint: 'is this etcd 3.4 or later, with --enable-grpc-gateway?',
    })
    assert.deepEqual(readRefusal(403, '{"code":7,"message":"etcdserver: permission denied"}'), {
      code: 'permission_denied',
      text: 'etcdserver: permission denied',
      hint: 'user, password',
    })
    assert.equal(readRefusal(404, JSON.stringify({ code: 5, message: text }))?.hint, '')
    assert.equal(readRefusal(502, '<html>'), undefined)
  })
})
