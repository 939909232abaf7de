import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { callOptions } from '../../core/call-options.ts'
import { rootContext } from '../../core/context.ts'
import { ServiceError } from '../../core/errors.ts'
import { noMethod } from '../../core/method.ts'
import { noteCall, worthRetrying } from './worth-retrying.ts'

describe('worthRetrying', () => {
  it('goes by what the error says and what the method is', () => {
    const idempotent = rootContext({ method: { ...noMethod, idempotent: true } })
    const other = rootContext()
    const single = idempotent.with(callOptions, { retry: false })
    for (const [retry, expected] of [
      ['safe', [true, true, false]],
      ['if_idempotent', [true, false, false]],
      ['never', [false, false, false]],
    ] as const) {
      const worth = [idempotent, other, single].map((ctx) =>
        worthRetrying(noteCall(new ServiceError('unavailable', 'down', { retry }), ctx)),
      )
      assert.deepEqual(worth, expected, retry)
    }
  })

  it('is true of an error that came out of no call only where that is safe', () => {
    assert.equal(worthRetrying(new ServiceError('unavailable', 'down', { retry: 'safe' })), true)
    for (const thrown of [new ServiceError('unavailable'), new Error('?'), 'text', noteCall(undefined, rootContext())])
      assert.equal(worthRetrying(thrown), false)
  })
})
