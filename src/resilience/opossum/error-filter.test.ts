import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServiceError } from '../../core/errors.ts'
import { errorFilter } from './error-filter.ts'

describe('errorFilter', () => {
  it('filters what says nothing against who was called', () => {
    for (const code of ['invalid_argument', 'not_found', 'canceled', 'resource_exhausted'] as const)
      assert.equal(errorFilter(new ServiceError(code)), true, code)
    for (const code of ['unavailable', 'deadline_exceeded', 'internal'] as const)
      assert.equal(errorFilter(new ServiceError(code)), false, code)
    assert.equal(errorFilter(Object.assign(new Error('Timed out'), { code: 'ETIMEDOUT' })), false)
  })
})
