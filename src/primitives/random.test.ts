// Tests of random.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Random, randomId, seededRandom, sfc32, systemRandom } from './random.ts'

function draws(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random())
}

/** Pearson's statistic for `count` draws sorted into `cells` cells of equal chance. */
function chiSquare(random: Random, count: number, cells: number): number {
  const seen = new Array<number>(cells).fill(0)
  for (const drawn of draws(random, count)) {
    const cell = Math.floor(drawn * cells)
    seen[cell] = (seen[cell] ?? 0) + 1
  }
  return seen.reduce((sum, n) => sum + (n - count / cells) ** 2 / (count / cells), 0)
}

describe('sfc32', () => {
  it('draws what the reference implementation draws', () => {
    const expected = [0x03b80bb8, 0xa87dbc7e, 0x1787178c, 0x4c7b7234, 0xc65dade2, 0x2c692349, 0xf52c2153, 0xdf098072]
    assert.deepEqual(
      draws(sfc32(0, 2, 1), expected.length).map((drawn) => drawn * 2 ** 32),
      expected,
    )
  })
})

describe('seededRandom', () => {
  it('draws the same numbers for the same seed, and others for another', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double()), fc.string(), (seed, other) => {
        assert.deepEqual(draws(seededRandom(seed), 20), draws(seededRandom(seed), 20))
        if (other !== String(seed)) assert.notDeepEqual(draws(seededRandom(seed), 4), draws(seededRandom(other), 4))
      }),
    )
  })

  it('draws the same numbers in every version', () => {
    assert.equal(randomId(seededRandom(1)), 'c206100e73ffe8dc')
    assert.equal(randomId(seededRandom('servicekit')), '8b945391b5a60bd3')
  })

  it('stays within [0, 1)', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        assert.ok(draws(seededRandom(seed), 100).every((drawn) => drawn >= 0 && drawn < 1))
      }),
    )
  })

  it('spreads its draws evenly, and those of neighbouring seeds too', () => {
    // 99 degrees of freedom: 148.2 is passed once in a thousand runs, and these runs are always the same.
    assert.ok(chiSquare(seededRandom('even'), 100_000, 100) < 148.2)
    let seed = 0
    assert.ok(chiSquare(() => seededRandom(seed++)(), 20_000, 100) < 148.2)
  })
})

describe('systemRandom', () => {
  it('stays within [0, 1)', () => {
    assert.ok(draws(systemRandom, 1_000).every((drawn) => drawn >= 0 && drawn < 1))
  })
})

describe('randomId', () => {
  it('prints two draws of 32 bits, with their leading zeros', () => {
    const word = fc.integer({ min: 0, max: 2 ** 32 - 1 })
    fc.assert(
      fc.property(word, word, (high, low) => {
        const fixed = [high, low].map((bits) => bits / 2 ** 32).values()
        const expected = [high, low].map((bits) => bits.toString(16).padStart(8, '0')).join('')
        assert.equal(
          randomId(() => fixed.next().value ?? 0),
          expected,
        )
      }),
    )
  })

  it('is different each time', () => {
    const ids = new Set(Array.from({ length: 10_000 }, () => randomId()))
    assert.equal(ids.size, 10_000)
    for (const id of ids) assert.match(id, /^[0-9a-f]{16}$/)
  })
})
