import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ServiceError } from '../core/errors.ts'
import { tellingDoubt } from './telling-doubt.ts'

/** How often it is told that the instance may be there: before the end, and in all. */
async function told(request: () => Promise<unknown>): Promise<readonly [number, number]> {
  const over = new AbortController()
  let count = 0
  await tellingDoubt(request, over.signal, () => count++).catch(() => {})
  const before = count
  over.abort()
  return [before, count]
}

describe('tellingDoubt', () => {
  it('says nothing of what was surely not done', async () => {
    const refusals = [
      new ServiceError('unavailable', 'nobody there', { retry: 'safe' }),
      new ServiceError('permission_denied', 'no'),
      new TypeError('bug'),
    ]
    for (const refusal of refusals) assert.deepEqual(await told(() => Promise.reject(refusal)), [0, 0])
  })

  it('says at the end what was done, or may have been', async () => {
    assert.deepEqual(await told(async () => {}), [0, 1])
    for (const code of ['unavailable', 'deadline_exceeded', 'canceled', 'internal'] as const)
      assert.deepEqual(await told(() => Promise.reject(new ServiceError(code, 'cut off'))), [0, 1])
  })

  it('says so as soon as the request is given up', async () => {
    const over = new AbortController()
    let count = 0
    void tellingDoubt(
      () => new Promise(() => {}),
      over.signal,
      () => count++,
    )
    over.abort()
    assert.equal(count, 1)
  })
})
