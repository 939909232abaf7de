// Tests of distribution.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '../../primitives/random.ts'
import {
  constant,
  type Distribution,
  distributionOf,
  exponential,
  logNormal,
  mixture,
  slowTail,
  uniform,
} from './distribution.ts'

/** The draws of one seed, in order of size. */
function drawn(distribution: Distribution): number[] {
  const random = seededRandom(1)
  return Array.from({ length: 100_000 }, () => distribution(random)).sort((a, b) => a - b)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function near(actual: number | undefined, expected: number, share = 0.02): void {
  assert.ok(Math.abs(Number(actual) - expected) <= share * expected, `${actual} is not near ${expected}`)
}

describe('distributions', () => {
  it('draws the same for the same seed', () => {
    const of = logNormal({ medianMs: 5, sigma: 0.5 })
    assert.deepEqual(drawn(of), drawn(of))
  })

  it('is constant, or evenly spread', () => {
    assert.equal(constant(5)(Math.random), 5)
    const values = drawn(uniform({ minMs: 10, maxMs: 30 }))
    near(mean(values), 20)
    near(values[25_000], 15)
    assert.ok((values[0] ?? 0) >= 10 && (values.at(-1) ?? 99) < 30)
  })

  it('is exponential', () => {
    const values = drawn(exponential({ meanMs: 10 }))
    near(mean(values), 10)
    near(values[50_000], 10 * Math.LN2)
    near(values[99_000], 10 * Math.log(100), 0.05)
  })

  it('is log-normal', () => {
    const values = drawn(logNormal({ medianMs: 10, sigma: 0.5 }))
    near(values[50_000], 10)
    near(mean(values), 10 * Math.exp(0.5 ** 2 / 2))
    near(values[99_000], 10 * Math.exp(0.5 * 2.326), 0.03)
  })

  it('is a mixture, by weight', () => {
    const values = drawn(mixture([{ weight: 3, of: 1 }, { weight: 1, of: constant(100) }])) // biome-ignore format: one line
    near(values.filter((value) => value === 100).length, 25_000)
    assert.equal(new Set(values).size, 2)
  })

  it('has a slow tail', () => {
    const values = drawn(slowTail(2, { ratio: 0.01, factor: 100 }))
    near(values.filter((value) => value === 200).length, 1_000, 0.1)
    assert.deepEqual(new Set(values), new Set([2, 200]))
  })

  it('refuses what makes no sense', () => {
    assert.throws(() => constant(-1), /ms must be a number from 0/)
    assert.throws(() => uniform({ minMs: 5, maxMs: 4 }), /maxMs must be a number from 5/)
    assert.throws(() => exponential({ meanMs: Number.NaN }), /meanMs must be/)
    assert.throws(() => logNormal({ medianMs: 1, sigma: -1 }), /sigma must be/)
    assert.throws(() => mixture([]), /at least one part/)
    assert.throws(() => mixture([{ weight: 0, of: 1 }]), /weight must be/)
    assert.throws(() => slowTail(1, { ratio: 2, factor: 1 }), /ratio must be/)
    assert.throws(() => distributionOf('serviceMs', 'x' as never), /serviceMs must be a number/)
  })
})
