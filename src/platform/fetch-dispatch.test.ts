// Tests of fetch-dispatch.ts: it refuses what fetch cannot honour, and only when that was given.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FetchDispatch, PlatformDispatch } from './fetch-dispatch.ts'
import { checkedRequesterOptions, type RequesterOptions } from './requester-options.ts'

const dispatch = (options: RequesterOptions) => new FetchDispatch(checkedRequesterOptions(options))

describe('fetch', () => {
  it('has the shape of the other one', () => assert.equal(PlatformDispatch, FetchDispatch))

  it('refuses what it cannot honour, by name', () => {
    for (const options of [
      { maxConnections: 256 },
      { connectTimeoutMs: 1 },
      { keepAliveMs: 1 },
      { maxConnectionAgeMs: 1 },
      { tls: {} },
      { socketPath: '/s' },
    ]) {
      const [name = ''] = Object.keys(options)
      assert.throws(() => dispatch(options), { name: 'TypeError', message: new RegExp(`^${name} cannot be set`) })
    }
    assert.throws(() => dispatch({ tls: {}, keepAliveMs: 1 }), { message: /^keepAliveMs, tls cannot be set/ })
  })

  it('takes what is not given, and what is ours', () => {
    dispatch({})
    dispatch({ tls: undefined, headersTimeoutMs: 5, maxReplyBytes: 5 })
  })
})
