// Tests of no-op.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { noOpMetrics } from './no-op.ts'

describe('noOpMetrics', () => {
  it('takes whatever is measured, with labels and without', async () => {
    noOpMetrics.counter({ name: 'a' }).add()
    noOpMetrics.counter({ name: 'a', labels: [] }).add(1)
    noOpMetrics.gauge({ name: 'a' }).set(1)
    noOpMetrics
      .histogram({ name: 'a', labels: ['x'] })
      .with({ x: 1 })
      .observe(1)
    noOpMetrics
      .summary({ name: 'a', labels: ['x'] })
      .with({ x: 1 })
      .observe(1)
    assert.equal(noOpMetrics.gauge({ name: 'a', labels: ['x'] }).delete({ x: 1 }), false)
  })

  it('never reads what is only read to be shown', () => {
    let reads = 0
    using _reader = noOpMetrics.onCollect(() => void reads++)
    assert.equal(reads, 0)
  })

  it('makes nothing anew, so that it costs nothing to measure with', () => {
    assert.equal(noOpMetrics.counter({ name: 'a' }), noOpMetrics.gauge({ name: 'b' }))
    const labelled = noOpMetrics.counter({ name: 'a', labels: ['x'] })
    assert.equal(labelled.with({ x: 1 }), labelled.with({ x: 2 }))
  })
})
