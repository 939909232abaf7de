// Tests of code.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { facilityCode, priorities } from './code.ts'

describe('priorities', () => {
  it('are eight times the facility, and the severity', () => {
    assert.deepEqual(priorities('user'), { debug: '<15>', info: '<14>', warn: '<12>', error: '<11>' })
    assert.deepEqual(priorities('local7'), { debug: '<191>', info: '<190>', warn: '<188>', error: '<187>' })
    assert.equal(priorities('kern').error, '<3>')
  })

  it('refuse a facility that is none, and name all', () => {
    for (const facility of ['users', 'toString', '', 16, undefined])
      assert.throws(() => facilityCode(facility as never), {
        name: 'TypeError',
        message: /^facility must be one of kern, user, .*, local7, but is /,
      })
  })
})
