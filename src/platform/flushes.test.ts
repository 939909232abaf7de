// Tests of flushes.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock } from '../testing/manual-clock.ts'
import { Flushes } from './flushes.ts'

describe('Flushes', () => {
  it('ends a wait once its batch is not among those left', async () => {
    const clock = manualClock()
    const flushes = new Flushes(clock, 1_000)
    const ended: string[] = []
    for (const upTo of [1, 2, 2]) void flushes.wait(upTo).then(() => ended.push(`up to ${upTo}`))
    flushes.settle(1)
    await clock.settle()
    assert.deepEqual(ended, [])
    flushes.settle(2)
    await clock.settle()
    assert.deepEqual(ended, ['up to 1'])
    flushes.settle(Infinity)
    await clock.settle()
    assert.deepEqual(ended, ['up to 1', 'up to 2', 'up to 2'])
    assert.deepEqual([flushes.size, clock.pending], [0, 0])
  })

  it('ends a wait at its limit', async () => {
    const clock = manualClock()
    const flushes = new Flushes(clock, 1_000)
    const wait = flushes.wait(0)
    await clock.advance(999)
    assert.equal(flushes.size, 1)
    await clock.advance(1)
    await wait
    assert.equal(flushes.size, 0)
  })
})
