// Tests of backoff.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { backoff } from './backoff.ts'
import { seededRandom } from './random.ts'

const lowest = () => 0
const middle = () => 0.5
const highest = () => 1 - 2 ** -32

describe('backoff', () => {
  it('grows as the connection backoff of gRPC does', () => {
    const delay = backoff({ random: middle })
    assert.deepEqual([0, 1, 2, 3].map(delay).map(Math.round), [1_000, 1_600, 2_560, 4_096])
    assert.equal(delay(11), 120_000)
  })

  it('leaves a fifth in both directions to chance', () => {
    assert.equal(backoff({ random: lowest })(0), 800)
    assert.equal(Math.round(backoff({ random: highest })(0)), 1_200)
  })

  it('draws from nothing to the whole delay with full jitter', () => {
    assert.equal(backoff({ jitter: 'full', random: lowest })(3), 0)
    assert.equal(backoff({ jitter: 'full', random: middle, multiplier: 2 })(3), 4_000)
  })

  it('waits exactly the delay without jitter', () => {
    const delay = backoff({ initialMs: 25, multiplier: 2, maxMs: 250, jitter: 'none' })
    assert.deepEqual([0, 1, 2, 3, 4, 5].map(delay), [25, 50, 100, 200, 250, 250])
  })

  it('lets the maximum cut the initial delay', () => {
    assert.equal(backoff({ initialMs: 5_000, maxMs: 100, jitter: 'none' })(0), 100)
  })

  it('refuses options out of range', () => {
    assert.throws(() => backoff({ initialMs: -1 }), { name: 'RangeError', message: /^initialMs .* from 0 .* is -1$/ })
    assert.throws(() => backoff({ maxMs: Infinity }), { name: 'RangeError', message: /^maxMs .* is Infinity$/ })
    assert.throws(() => backoff({ multiplier: 0.9 }), {
      name: 'RangeError',
      message: /^multiplier .* from 1 .* is 0.9$/,
    })
    assert.throws(() => backoff({ jitter: 1.1 }), {
      name: 'RangeError',
      message: "jitter, unless 'full' or 'none', must be a number from 0 to 1, but is 1.1",
    })
  })

  it('stays finite and within its bounds for every attempt', () => {
    const anyMs = fc.double({ min: 0, max: Number.MAX_SAFE_INTEGER, noNaN: true })
    const anyJitter = fc.oneof(
      fc.constantFrom('full' as const, 'none' as const),
      fc.double({ min: 0, max: 1, noNaN: true }),
    )
    fc.assert(
      fc.property(
        anyMs,
        fc.double({ min: 1, noNaN: true }),
        anyMs,
        anyJitter,
        fc.oneof(fc.nat({ max: 50 }), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER)),
        fc.integer(),
        (initialMs, multiplier, maxMs, jitter, attempt, seed) => {
          const exact = backoff({ initialMs, multiplier, maxMs, jitter: 'none' })(attempt)
          const drawn = backoff({ initialMs, multiplier, maxMs, jitter, random: seededRandom(seed) })(attempt)
          const ratio = typeof jitter === 'number' ? jitter : 0
          const slack = 1 + 4 * Number.EPSILON
          assert.ok(exact <= maxMs && exact >= Math.min(initialMs, maxMs))
          assert.ok(drawn <= exact * (1 + ratio) * slack)
          assert.ok(drawn >= (jitter === 'full' ? 0 : exact * (1 - ratio)) / slack)
        },
      ),
    )
  })
})
