import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { quantileName, usualQuantiles } from './quantile-name.ts'

describe('quantileName', () => {
  it('has as many digits as somebody wrote', () => {
    assert.deepEqual(usualQuantiles.map(quantileName), ['p50', 'p90', 'p95', 'p99'])
    assert.deepEqual([0, 0.001, 0.999, 0.9999, 1].map(quantileName), ['p0', 'p0.1', 'p99.9', 'p99.99', 'p100'])
  })
})
