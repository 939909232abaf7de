import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { singleMethod } from './single-method.ts'

describe('singleMethod', () => {
  it('gives what is known of the method', () => {
    const info = singleMethod({ method: 'legacy/count', kind: 'serverStream', idempotent: true, timeoutMs: 5 })
    const { service, name, fullName, kind, idempotent, timeoutMs } = info
    assert.deepEqual(
      [service, name, fullName, kind, idempotent, timeoutMs],
      ['legacy', 'count', 'legacy/count', 'serverStream', true, 5],
    )
  })

  it('refuses a name that is not service/name', () => {
    for (const method of ['count', '/count', 'legacy/', 'a/b/c', '']) {
      assert.throws(() => singleMethod({ method }), { name: 'TypeError', message: /method must be service\/name/ })
    }
    assert.throws(() => singleMethod({ method: 'a/b', timeoutMs: -5 }), { name: 'RangeError', message: /^timeoutMs/ })
    assert.throws(() => singleMethod({ method: 'a/b', kind: 'foo' as never }), { name: 'TypeError', message: /^kind/ })
  })
})
