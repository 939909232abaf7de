import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { unlessAborted } from './unless-aborted.ts'

describe('unlessAborted', () => {
  it('gives what the promise gives', async () => {
    const { signal } = new AbortController()
    assert.equal(await unlessAborted(Promise.resolve(7), signal), 7)
    await assert.rejects(unlessAborted(Promise.reject(new Error('no')), signal), /no/)
  })

  it('rejects with the reason of a signal that aborts first, or has', async () => {
    const stop = new AbortController()
    const waiting = unlessAborted(new Promise(() => {}), stop.signal)
    stop.abort(new Error('enough'))
    await assert.rejects(waiting, /enough/)
    // What the promise comes to then, nobody has to hear.
    await assert.rejects(unlessAborted(Promise.reject(new Error('no')), stop.signal), /enough/)
  })
})
