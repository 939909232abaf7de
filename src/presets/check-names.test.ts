// Tests of check-names.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkNames } from './check-names.ts'

describe('checkNames', () => {
  const known = { retry: true, circuitBreaker: true } as const

  it('lets pass what there is', () => {
    checkNames('clientPipeline', { retry: false, circuitBreaker: undefined }, known)
  })

  it('refuses what there is not, and says what is meant or what there is', () => {
    assert.throws(() => checkNames('clientPipeline', { circuitbreaker: false }, known), {
      name: 'TypeError',
      message: 'clientPipeline has no option "circuitbreaker": circuitBreaker is meant',
    })
    assert.throws(() => checkNames('clientPipeline', { toString: 1 }, known), {
      name: 'TypeError',
      message: 'clientPipeline has no option "toString": it has retry, circuitBreaker',
    })
  })
})
