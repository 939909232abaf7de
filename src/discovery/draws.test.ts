import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { seededRandom } from '../primitives/random.ts'
import { Draws } from './draws.ts'

describe('Draws', () => {
  it('draws each number below a count, none beyond it', () => {
    const draws = new Draws(seededRandom(1))
    const counts = [0, 0, 0]
    for (let n = 0; n < 3_000; n++) counts[draws.below(3)] = (counts[draws.below(3)] ?? Number.NaN) + 1
    for (const count of counts) assert.ok(count > 900 && count < 1_100, String(counts))
  })

  it('stays below the count for the largest number that chance has', () => {
    for (const count of [1, 2, 3, 7, 10, 64, 1_000, 10_000, 2 ** 31])
      assert.equal(new Draws(() => 1 - 2 ** -53).below(count), count - 1)
  })

  it('draws the same for calls, whatever was looked at between them', () => {
    const step = fc.record({ peeks: fc.array(fc.nat({ max: 5 }), { maxLength: 3 }), calls: fc.nat({ max: 5 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), fc.nat(), (steps, seed) => {
        const draws = new Draws(seededRandom(seed))
        const plain = new Draws(seededRandom(seed))
        const some = (count: number) => Array.from({ length: count }, () => draws.below(1_000))
        for (const { peeks, calls } of steps) {
          const looks = peeks.map((count) => draws.peek(() => some(count)))
          const drawn = some(calls)
          assert.deepEqual(
            drawn,
            drawn.map(() => plain.below(1_000)),
          )
          // A look sees what the calls behind it draw.
          for (const look of looks)
            for (const [at, each] of look.entries()) if (at < calls) assert.equal(each, drawn[at])
        }
      }),
      { seed: 5, numRuns: 100 },
    )
  })

  it('uses up nothing for a look that throws', () => {
    const draws = new Draws(seededRandom(1))
    assert.throws(() =>
      draws.peek(() => {
        draws.below(10)
        throw new Error('no')
      }),
    )
    assert.equal(draws.below(1_000), new Draws(seededRandom(1)).below(1_000))
  })
})
