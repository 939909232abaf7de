// Tests of refusal.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServiceError } from '../../core/errors.ts'
import { refusals, ZookeeperRefusal } from './refusal.ts'

describe('a refusal', () => {
  it('is a ServiceError that says what was asked, and why not', () => {
    const refusal = new ZookeeperRefusal(refusals.noAuth, 'create /services/a')
    assert.ok(refusal instanceof ServiceError)
    assert.deepEqual([refusal.code, refusal.refusal], ['permission_denied', -102])
    assert.equal(refusal.message, 'create /services/a: the ACL of the node does not allow it (user, password) (-102)')
  })

  it('of a code that nobody knows is unknown', () => {
    const { code, message } = new ZookeeperRefusal(-999, 'exists /a')
    assert.deepEqual([code, message], ['unknown', 'exists /a: it failed (-999)'])
  })
})
