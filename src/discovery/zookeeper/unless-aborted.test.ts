// Tests of unless-aborted.ts.
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import { unlessAborted } from './unless-aborted.ts'

describe('a wait that others share', () => {
  it('gives what the promise gives, and leaves nothing at the signal', async () => {
    const { signal } = new AbortController()
    assert.equal(await unlessAborted(Promise.resolve(7), signal), 7)
    await assert.rejects(unlessAborted(Promise.reject(new Error('no')), signal), { message: 'no' })
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  it('ends with the signal, whatever becomes of the promise', async () => {
    const ending = new AbortController()
    const { promise, reject } = Promise.withResolvers<void>()
    const waiting = unlessAborted(promise, ending.signal)
    ending.abort(new Error('enough'))
    await assert.rejects(waiting, { message: 'enough' })
    await assert.rejects(unlessAborted(promise, ending.signal), { message: 'enough' })
    const other = Promise.withResolvers<void>()
    await assert.rejects(unlessAborted(other.promise, ending.signal), { message: 'enough' })
    // Nobody else may be waiting for it.
    reject(new Error('late'))
    other.reject(new Error('late'))
    await new Promise((resolve) => setImmediate(resolve))
  })
})
