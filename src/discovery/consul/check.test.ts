import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkedCheck } from './check.ts'

describe('checkedCheck', () => {
  it('has a TTL that is renewed three times in it', () => {
    const { renewEveryMs, definition } = checkedCheck({})
    assert.equal(renewEveryMs, 5_000)
    assert.deepEqual(definition('10.0.0.1:80'), {
      TTL: '15000ms',
      DeregisterCriticalServiceAfter: '60000ms',
      Status: 'passing',
    })
  })

  it('has the agent ask a path of the instance, or another URL', () => {
    const { renewEveryMs, definition } = checkedCheck({ http: '/health', intervalMs: 2_000, timeoutMs: 500 })
    assert.equal(renewEveryMs, undefined)
    assert.deepEqual(definition('[::1]:80'), {
      HTTP: 'http://[::1]:80/health',
      Interval: '2000ms',
      Timeout: '500ms',
      DeregisterCriticalServiceAfter: '60000ms',
      Status: 'passing',
    })
    assert.equal(checkedCheck({ http: 'https://a.test/up' }).definition('[::1]:80').HTTP, 'https://a.test/up')
  })

  it('never has it forgotten where that is wanted', () => {
    const definition = checkedCheck({ deregisterAfterMs: Infinity }).definition('a:1')
    assert.deepEqual(definition, { TTL: '15000ms', Status: 'passing' })
  })

  it('refuses what Consul would not take, by the name of the option', () => {
    for (const none of [true, null, 5])
      assert.throws(() => checkedCheck(none as never), /^TypeError: check must be like/)
    assert.throws(() => checkedCheck({ ttlMs: 0 }), /check.ttlMs must be a number from 100/)
    assert.throws(
      () => checkedCheck({ deregisterAfterMs: 59_999 }),
      /check.deregisterAfterMs must be a number from 60000/,
    )
    assert.throws(() => checkedCheck({ http: '/', intervalMs: 10 }), /check.intervalMs must be a number from 1000/)
    assert.throws(() => checkedCheck({ http: '/', timeoutMs: 0 }), /check.timeoutMs must be a number from 1/)
    assert.throws(() => checkedCheck({ http: 'health' }), {
      message: 'check.http must be a path or a URL, but is "health"',
    })
  })
})
