// Tests of outcome.ts: how calls end, and what the usual judgement makes of it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Code, codes } from './codes.ts'
import { ServiceError } from './errors.ts'
import { classify, outcomeOf, outcomeOfError } from './outcome.ts'

describe('outcomeOf', () => {
  it('is ok for a response, one shared object for all', () => {
    const outcome = outcomeOf({ total: 3 })
    assert.deepEqual(outcome, { code: 'ok', error: undefined, failure: undefined })
    assert.equal(
      outcomeOf('another', () => undefined),
      outcome,
    )
    assert.ok(Object.isFrozen(outcome))
  })

  it('has the failure that the method finds in a good response, and stays ok', () => {
    const failed = (response: unknown) => (response as { error?: string }).error
    assert.deepEqual(outcomeOf({ error: 'sold out' }, failed), { code: 'ok', error: undefined, failure: 'sold out' })
  })

  it('takes whatever is falsy for no failure', () => {
    for (const nothing of [undefined, null, false, 0, '', Number.NaN]) {
      assert.equal(
        outcomeOf({}, () => nothing),
        outcomeOf({}),
      )
    }
  })

  it('counts a failed() that throws as a failure of the response, and does not throw', () => {
    const bug = new TypeError('undefined has no error')
    const throwing = (thrown: unknown) => () => {
      throw thrown
    }
    assert.deepEqual(outcomeOf(undefined, throwing(bug)), { code: 'ok', error: undefined, failure: bug })
    for (const falsy of [undefined, 0, '', false]) {
      const { failure } = outcomeOf(undefined, throwing(falsy))
      assert.equal((failure as Error).message, `failed() threw ${falsy}`)
    }
  })
})

describe('outcomeOfError', () => {
  it('has the code of a ServiceError and the error itself', () => {
    const error = new ServiceError('not_found', 'no such order')
    assert.deepEqual(outcomeOfError(error), { code: 'not_found', error, failure: undefined })
  })

  it('is internal for whatever else was thrown', () => {
    for (const thrown of [new Error('x'), 'x', undefined, null]) {
      const { code, error, failure } = outcomeOfError(thrown)
      assert.equal(code, 'internal')
      assert.equal(error?.cause ?? undefined, thrown ?? undefined)
      assert.equal(failure, undefined)
    }
  })
})

describe('classify', () => {
  it('is success for a response without a failure', () => {
    assert.equal(classify(outcomeOf({})), 'success')
  })

  it('judges an error by its code', () => {
    for (const code of Object.keys(codes) as Code[]) {
      assert.equal(classify(outcomeOfError(new ServiceError(code))), codes[code].breaker)
    }
    assert.equal(classify(outcomeOfError(new Error('x'))), 'failure')
  })

  it('counts a business failure, unless it is a ServiceError whose code is the caller’s own fault', () => {
    const failing = (failure: unknown) => classify(outcomeOf({}, () => failure))
    assert.equal(failing('sold out'), 'failure')
    assert.equal(failing(new Error('sold out')), 'failure')
    assert.equal(failing(new ServiceError('unavailable')), 'failure')
    assert.equal(failing(new ServiceError('not_found')), 'ignored')
  })
})
