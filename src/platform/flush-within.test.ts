// Tests of flush-within.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../testing/manual-clock.ts'
import { flushWithin } from './flush-within.ts'

describe('waiting for a flush', () => {
  it('ends with it, however it ends, and leaves no timer', async () => {
    const clock = manualClock()
    for (const flush of [
      () => 'at once',
      async () => {},
      () => Promise.reject(new Error('cannot')),
      () => {
        throw new Error('cannot')
      },
    ])
      await flushWithin(1_000, clock, flush)
    assert.equal(clock.pending, 0)
  })

  it('ends at its limit', async () => {
    const clock = manualClock()
    let isOver = false
    void flushWithin(1_000, clock, () => new Promise(() => {})).then(() => {
      isOver = true
    })
    await clock.advance(999)
    assert.equal(isOver, false)
    await clock.advance(1)
    assert.equal(isOver, true)
  })
})
