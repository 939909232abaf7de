import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServiceError } from '../core/errors.ts'
import { sentInDoubt } from './sent-in-doubt.ts'

/** How often it was in doubt: while the request was under way, and when it was over. */
async function doubts(fail: (stop: AbortController) => Error | undefined): Promise<number> {
  const stop = new AbortController()
  let count = 0
  const send = async () => {
    const error = fail(stop)
    if (error !== undefined) throw error
  }
  const sending = sentInDoubt(stop.signal, () => count++, send)
  await sending.catch(() => {})
  stop.abort()
  return count
}

describe('sentInDoubt', () => {
  it('is in doubt where the registry was reached and said neither yes nor no', async () => {
    for (const code of ['unavailable', 'deadline_exceeded', 'canceled', 'internal'] as const)
      assert.equal(await doubts(() => new ServiceError(code, 'x', { retry: 'if_idempotent' })), 1, code)
  })

  it('is not where it refused, or was never reached', async () => {
    const errors = [
      new ServiceError('permission_denied'),
      new ServiceError('unavailable', 'x', { retry: 'safe' }),
      new Error('x'),
    ]
    for (const error of errors) assert.equal(await doubts(() => error), 0)
  })

  it('is in doubt as soon as it takes too long', async () => {
    const stop = new AbortController()
    let count = 0
    void sentInDoubt(
      stop.signal,
      () => count++,
      () => new Promise(() => {}),
    )
    stop.abort()
    assert.equal(count, 1)
  })

  it('settles as the request does, also where nobody asks for doubts', async () => {
    const { signal } = new AbortController()
    await sentInDoubt(signal, undefined, async () => {})
    await assert.rejects(
      sentInDoubt(signal, undefined, () => Promise.reject(new Error('no'))),
      { message: 'no' },
    )
  })
})
