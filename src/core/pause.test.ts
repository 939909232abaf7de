import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../testing/manual-clock.ts'
import { pause } from './pause.ts'

describe('pause', () => {
  it('lasts as long as it was told', async () => {
    const clock = manualClock()
    let isOver = false
    pause(clock, 100, new AbortController().signal).then(() => {
      isOver = true
    })
    await clock.advance(99)
    assert.equal(isOver, false)
    await clock.advance(1)
    assert.equal(isOver, true)
  })

  it('ends with the signal, and leaves nothing', async () => {
    const clock = manualClock()
    const stopping = new AbortController()
    const paused = pause(clock, 100, stopping.signal)
    stopping.abort()
    await paused
    await pause(clock, 100, stopping.signal)
    assert.equal(clock.pending, 0)
  })
})
