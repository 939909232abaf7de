import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Code, codes } from '../core/codes.ts'
import { ServiceError } from '../core/errors.ts'
import { isFailure } from './is-failure.ts'

describe('isFailure', () => {
  it('goes by the code', () => {
    for (const [code, { breaker }] of Object.entries(codes))
      assert.equal(isFailure(new ServiceError(code as Code)), breaker === 'failure', code)
  })

  it('is true for what nobody gave a code', () => {
    for (const thrown of [new Error('?'), undefined, 'text']) assert.equal(isFailure(thrown), true)
  })
})
