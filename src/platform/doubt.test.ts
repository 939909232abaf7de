// Tests of doubt.ts, on the event loop itself: its turns are what the doubt is counted in.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventually } from '../testing/eventually.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { Doubt } from './doubt.ts'

const turn = () => manualClock().settle()

describe('a doubt', () => {
  it('is over at the second turn of the event loop, before which the loop has polled', async () => {
    const over: number[] = []
    const doubt = new Doubt((count) => over.push(count))
    doubt.add()
    doubt.add()
    assert.equal(doubt.count, 2)
    await turn()
    assert.deepEqual([doubt.count, over], [2, []])
    doubt.add()
    assert.equal(doubt.count, 3)
    await turn()
    assert.deepEqual([doubt.count, over], [1, [2]])
    await turn()
    assert.deepEqual([doubt.count, over], [0, [2, 1]])
    await turn()
    await turn()
    doubt.add()
    await eventually(() => over.length === 3)
    assert.equal(doubt.count, 0)
  })

  it('that was ended is not told of, and what comes later has its own time', async () => {
    const over: number[] = []
    const doubt = new Doubt((count) => over.push(count))
    doubt.add()
    assert.equal(doubt.end(), 1)
    assert.equal(doubt.end(), 0)
    await turn()
    doubt.add()
    await turn()
    assert.deepEqual([doubt.count, over], [1, []])
    await turn()
    assert.deepEqual([doubt.count, over], [0, [1]])
  })
})
