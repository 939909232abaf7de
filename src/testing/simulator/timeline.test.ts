// Tests of timeline.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Counts, Level, Timeline } from './timeline.ts'

describe('Timeline', () => {
  it('cuts a run into intervals, the last of which may be shorter', () => {
    const timeline = new Timeline(500, 3_200, 1_000)
    assert.equal(timeline.length, 3)
    assert.deepEqual([500, 1_499.9, 1_500, 3_199].map((at) => timeline.indexAt(at)), [0, 0, 1, 2]) // biome-ignore format: one line
    assert.deepEqual([0, 1, 2].map((index) => timeline.endOf(index)), [1_500, 2_500, 3_200]) // biome-ignore format: one line
  })
})

describe('A run that begins at a fraction of a millisecond', () => {
  it('has no interval more by rounding, and means for all of them', () => {
    for (const fromAt of [0, 1.1, 2_048.1, 2_049.6]) {
      const timeline = new Timeline(fromAt, fromAt + 3_000, 1_000)
      const level = new Level(timeline, 2)
      assert.equal(timeline.length, 3, `${fromAt}`)
      assert.deepEqual(
        level.intervals.map((mean) => Math.round(mean * 1e6)),
        [2e6, 2e6, 2e6],
      )
    }
  })
})

describe('Counts', () => {
  it('counts in each interval and in all', () => {
    const counts = new Counts(new Timeline(0, 3_000, 1_000))
    for (const at of [0, 999, 1_000, 2_999.999]) counts.add(at)
    assert.deepEqual([counts.total, counts.intervals], [4, [2, 1, 1]])
  })
})

describe('Level', () => {
  it('is the mean over time', () => {
    const level = new Level(new Timeline(0, 4_000, 1_000), 0)
    level.change(2, 500)
    level.change(-1, 2_500)
    assert.deepEqual([level.value, level.mean, level.intervals], [1, (4_000 + 1_500) / 4_000, [1, 2, 1.5, 1]])
  })

  it('goes on from what there was, and counts nothing after the run', () => {
    const level = new Level(new Timeline(1_000, 2_500, 1_000), 3)
    level.change(1, 2_500)
    level.change(1, 9_000)
    assert.deepEqual([level.value, level.mean, level.intervals], [5, 3, [3, 3]])
  })
})
