import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { markRemote, ServiceError } from '../core/errors.ts'
import { isRefusal } from '../core/refusals.ts'
import { refusal } from './refusal.ts'

describe('refusal', () => {
  it('says that the call was not run, and when to come back', () => {
    const error = refusal('resource_exhausted', 'the limit is reached', 250)
    assert.deepEqual(error.toJSON(), {
      code: 'resource_exhausted',
      message: 'the limit is reached',
      retry: 'safe',
      retryAfterMs: 250,
      details: undefined,
    })
  })

  it('takes no stack, and leaves the stacks of others alone', () => {
    const before = Error.stackTraceLimit
    assert.equal(refusal('unavailable', 'the circuit is open').stack?.split('\n').length, 1)
    assert.equal(Error.stackTraceLimit, before)
    assert.ok((new Error('other').stack?.split('\n').length ?? 0) > 1)
  })

  it('is marked with the call it came out of where it is, not copied', () => {
    const error = refusal('unavailable', 'the circuit is open')
    assert.equal(markRemote(error, 'orders/place'), error)
  })

  it('is known as one of this process, and others are not', () => {
    const error = refusal('unavailable', 'the circuit is open', undefined, new Error('gone'))
    assert.equal(isRefusal(error), true)
    assert.equal((error.cause as Error).message, 'gone')
    assert.equal(isRefusal(ServiceError.fromJSON(error.toJSON())), false)
  })
})
