import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { markRemote, ServiceError, sharedError } from '../core/errors.ts'
import { Attempts, attemptErrors } from './attempts.ts'

const refused = new ServiceError('unavailable', 'connection refused', { retry: 'safe' })
const slow = new ServiceError('deadline_exceeded', 'no response came', { details: { shard: 4 }, retryAfterMs: 20 })

describe('Attempts', () => {
  it('passes the error of a single attempt on as it is', () => {
    assert.equal(new Attempts(refused).error(), refused)
    const bug = new TypeError('a bug')
    assert.equal(new Attempts(bug).error(), bug)
  })

  it('says of several what the last one said, and that nobody may repeat it', () => {
    const attempts = new Attempts(refused)
    attempts.add(slow)
    assert.equal(attempts.count, 2)
    assert.deepEqual((attempts.error() as ServiceError).toJSON(), {
      code: 'deadline_exceeded',
      message: 'no response came (2 attempts)',
      details: { shard: 4 },
      retry: 'never',
      retryAfterMs: 20,
    })
  })

  it('has all errors as its cause', () => {
    const attempts = new Attempts(refused)
    attempts.add(slow)
    const error = attempts.error() as ServiceError
    assert.equal((error.cause as Error).message, '2 attempts failed')
    assert.deepEqual(attemptErrors(error), [refused, slow])
    assert.deepEqual(attemptErrors(slow), [slow])
  })

  it('has them still when the client of the call has said which call it was, and when others share the error', () => {
    const attempts = new Attempts(refused)
    attempts.add(slow)
    const mine = markRemote(attempts.error() as ServiceError, 'shop/price')
    assert.equal(mine.remote, 'shop/price')
    assert.deepEqual(attemptErrors(mine), [refused, slow])
    const shared = sharedError(attempts.error() as ServiceError)
    const copy = markRemote(shared, 'shop/price')
    assert.notEqual(copy, shared)
    assert.deepEqual(attemptErrors(copy), [refused, slow])
    const single = markRemote(refused, 'shop/price')
    assert.deepEqual(attemptErrors(single), [single])
  })

  it('has none of an error that another one led to', () => {
    const attempts = new Attempts(refused)
    attempts.add(slow)
    const other = new ServiceError('internal', 'no price', { cause: attempts.error() })
    assert.deepEqual(attemptErrors(other), [other])
  })

  it('says never even of a single attempt when a repetition was not allowed', () => {
    const error = new Attempts(refused).final()
    assert.equal(error.retry, 'never')
    assert.equal(error.cause, refused)
    assert.equal(refused.retry, 'safe')
  })
})
