import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '../primitives/random.ts'
import { BadShare } from './bad-share.ts'

/** Lets it learn from draws of which a share is ten times as loaded as the others. */
function learnFrom(share: BadShare, badRatio: number, picks: number): void {
  const random = seededRandom(badRatio)
  const loads = new Float64Array(64)
  for (let pick = 0; pick < picks; pick++) {
    const count = share.choices
    for (let at = 0; at < count; at++) loads[at] = random() < badRatio ? 100 : 10
    share.learn(loads, count, Math.min(...loads.subarray(0, count)))
  }
}

describe('BadShare', () => {
  it('draws two while nobody is a bad one, or nearly nobody', () => {
    const share = new BadShare(16)
    assert.equal(share.choices, 2)
    learnFrom(share, 0, 1_000)
    assert.equal(share.choices, 2)
    assert.equal(share.ratio, 0)
    learnFrom(share, 0.005, 1_000)
    assert.equal(share.choices, 2)
  })

  it('draws so many that about one pick in a thousand has no choice', () => {
    for (const [badRatio, low, high] of [
      [0.1, 3, 4],
      [0.3, 5, 7],
      [0.5, 9, 12],
    ] as const) {
      const share = new BadShare(16)
      learnFrom(share, badRatio, 2_000)
      assert.ok(share.choices >= low && share.choices <= high, `${share.choices} for ${badRatio}`)
      assert.ok(Math.abs(share.ratio - badRatio) < 0.08, `${share.ratio} for ${badRatio}`)
    }
  })

  it('climbs to the most there may be though two draws hardly ever see a difference', () => {
    const share = new BadShare(16)
    learnFrom(share, 0.9, 5_000)
    assert.equal(share.choices, 16)
  })

  it('goes back to two when all is well again', () => {
    const share = new BadShare(16)
    learnFrom(share, 0.5, 2_000)
    learnFrom(share, 0, 300)
    assert.equal(share.choices, 2)
  })

  it('learns nothing from a best one that nothing is known of, and from none at all', () => {
    const share = new BadShare(16)
    const loads = new Float64Array([0, 10])
    for (let pick = 0; pick < 100; pick++) share.learn(loads, 2, 0)
    for (let pick = 0; pick < 100; pick++) share.learn(loads.fill(Infinity), 2, Infinity)
    assert.equal(share.ratio, 0)
  })

  it('draws never more than it may', () => {
    const share = new BadShare(2)
    learnFrom(share, 0.5, 1_000)
    assert.equal(share.choices, 2)
    const three = new BadShare(3)
    learnFrom(three, 0.5, 1_000)
    assert.equal(three.choices, 3)
  })
})
