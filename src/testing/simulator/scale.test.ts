// Tests of scale.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exactScale, linearScale, logScale } from './scale.ts'

describe('scales', () => {
  it('ends at a round number', () => {
    const scale = linearScale(0, 1_067)
    assert.deepEqual(scale.ticks, [0, 500, 1_000, 1_500])
    assert.equal(scale.share(750), 0.5)
  })

  it('has an axis where there is nothing', () => assert.deepEqual(linearScale(0, 0).ticks, [0, 1]))

  it('ends where it is told to', () => {
    const scale = exactScale(5, 65)
    assert.deepEqual(scale.ticks, [10, 20, 30, 40, 50, 60])
    assert.deepEqual([scale.share(5), scale.share(35), scale.share(65)], [0, 0.5, 1])
  })

  it('goes in powers of ten', () => {
    const scale = logScale(3, 2_000)
    assert.deepEqual(scale.ticks, [1, 10, 100, 1_000, 10_000])
    assert.equal(scale.share(100), 0.5)
    assert.deepEqual(logScale(1, 1).ticks, [1, 10])
  })
})
