// Tests of normal-quantile.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { normalQuantile } from './normal-quantile.ts'

describe('normalQuantile', () => {
  it('agrees with the tables', () => {
    // qnorm of R 4.3.
    const table: readonly (readonly [number, number])[] = [
      [0.5, 0],
      [0.25, -0.674489750196082],
      [0.975, 1.95996398454005],
      [0.001, -3.09023230616781],
      [1e-6, -4.7534243088229],
      [1e-20, -9.26234008979841],
    ]
    for (const [p, value] of table) assert.ok(Math.abs(normalQuantile(p) - value) < 1e-13, String(p))
  })

  it('is finite for every draw', () => {
    assert.ok(Math.abs(normalQuantile(0) + 6.34) < 0.01)
    assert.ok(normalQuantile(1 - 2 ** -32) < 6.4)
  })
})
