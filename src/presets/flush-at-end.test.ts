// Tests of flush-at-end.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../testing/manual-clock.ts'
import { flushAtEnd } from './flush-at-end.ts'

const flushed = { status: 'fulfilled', value: undefined }

describe('flushAtEnd', () => {
  it('says when all has left, or there was nothing to flush', async () => {
    const clock = manualClock()
    assert.deepEqual(await flushAtEnd(async () => {}, clock), flushed)
    assert.deepEqual(await flushAtEnd(() => undefined, clock), flushed)
  })

  it('says what it failed with, however it failed', async () => {
    const reason = new Error('no way')
    const throws = () => {
      throw reason
    }
    assert.deepEqual(await flushAtEnd(() => Promise.reject(reason)), { status: 'rejected', reason })
    assert.deepEqual(await flushAtEnd(throws), { status: 'rejected', reason })
  })

  it('does not wait for ever', async () => {
    const clock = manualClock()
    const ending = flushAtEnd(() => new Promise(() => {}), clock)
    await clock.advance(10_000)
    const end = await ending
    assert.match(end.status === 'rejected' ? String(end.reason) : '', /not flushed within 10s/)
  })
})
