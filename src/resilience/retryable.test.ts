import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { callOptions } from '../core/call-options.ts'
import { rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { noMethod } from '../core/method.ts'
import { isSingle, retryable } from './retryable.ts'

describe('retryable', () => {
  it('goes by what the error says, and by whether the method is idempotent', () => {
    const judged = (['safe', 'if_idempotent', 'never'] as const).map((retry) =>
      [true, false].map((idempotent) =>
        retryable(
          new ServiceError('unavailable', 'gone', { retry }),
          rootContext({ method: { ...noMethod, idempotent } }),
        ),
      ),
    )
    assert.deepEqual(judged, [
      [true, true],
      [true, false],
      [false, false],
    ])
  })
})

describe('isSingle', () => {
  it('is what the options of the call say', () => {
    const ctx = rootContext()
    assert.equal(isSingle(ctx), false)
    assert.equal(isSingle(ctx.with(callOptions, { retry: false })), true)
    assert.equal(isSingle(ctx.with(callOptions, {})), false)
  })
})
