// Tests of pushgateway-options.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedPushgateway, type PushgatewayOptions } from './pushgateway-options.ts'

describe('the options of pushgateway', () => {
  it('name the gateway and the group', () => {
    const { service, path, method } = checkedPushgateway({ job: 'nightly', grouping: { instance: 'h1' } })
    assert.deepEqual(
      [...service.urls, path, method],
      ['http://127.0.0.1:9091', '/metrics/job/nightly/instance/h1', 'PUT'],
    )
    assert.equal(checkedPushgateway({ job: 'a', method: 'post' }).method, 'POST')
  })

  it('say who pushes', () => {
    const { service } = checkedPushgateway({ job: 'a', user: 'me', password: 'p' })
    const secret = service.token()
    assert.deepEqual(service.authorization(String(secret)), { authorization: 'Basic bWU6cA==' })
    const other = checkedPushgateway({ job: 'a', token: 't' }).service
    assert.deepEqual(other.authorization('t'), { authorization: 'Bearer t' })
  })

  it('are refused when they make no sense', () => {
    const wrong: readonly (readonly [PushgatewayOptions, RegExp])[] = [
      [{ job: '' }, /^job must be a text/],
      [{ job: 'a', grouping: { 'a-b': 'x' } }, /^grouping must have names/],
      [{ job: 'a', method: 'PUT' as never }, /^method must be one of put, post, but is "PUT"/],
      [{ job: 'a', url: ['http://a', 'http://b'] as never }, /^url must be one/],
      [{ job: 'a', url: 'a' }, /^url must be like/],
      [{ job: 'a', user: 'me' }, /^user and password must be given together/],
    ]
    for (const [options, message] of wrong) assert.throws(() => checkedPushgateway(options), { message })
  })
})
