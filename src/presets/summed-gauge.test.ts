// Tests of summed-gauge.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Registry, registry } from '../metrics/registry.ts'
import { summedGauge } from './summed-gauge.ts'

const options = { name: 'pool.size', help: 'Connections.', labels: { pool: 'a', state: 'open' } }

function values(metrics: Registry): readonly unknown[] {
  return metrics
    .collect()
    .flatMap(({ series }) => series.map((each) => [...each.values, 'value' in each && each.value]))
}

describe('summedGauge', () => {
  it('shows the sum of what all have now, until the last is disposed', () => {
    const metrics = registry()
    let size = 1
    const read = () => size
    const first = summedGauge(metrics, options, read)
    const second = summedGauge(metrics, options, read)
    assert.deepEqual(values(metrics), [['a', 'open', 2]])
    size = 5
    assert.deepEqual(values(metrics), [['a', 'open', 10]])
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    assert.deepEqual(values(metrics), [['a', 'open', 5]])
    second[Symbol.dispose]()
    assert.deepEqual(values(metrics), [])
  })

  it('begins anew after the last, whatever is disposed twice', () => {
    const metrics = registry()
    const first = summedGauge(metrics, options, () => 1)
    first[Symbol.dispose]()
    using _second = summedGauge(metrics, options, () => 2)
    first[Symbol.dispose]()
    assert.deepEqual(values(metrics), [['a', 'open', 2]])
  })

  it('keeps other labels, names and metrics apart', () => {
    const [metrics, others] = [registry(), registry()]
    using _a = summedGauge(metrics, options, () => 1)
    using _b = summedGauge(metrics, { ...options, labels: { pool: 'b', state: 'open' } }, () => 2)
    using _c = summedGauge(metrics, { ...options, name: 'pool.limit' }, () => 3)
    using _d = summedGauge(others, options, () => 4)
    assert.deepEqual(values(metrics), [
      ['a', 'open', 1],
      ['b', 'open', 2],
      ['a', 'open', 3],
    ])
    assert.deepEqual(values(others), [['a', 'open', 4]])
  })

  it('leaves nothing behind where the metrics refuse it', () => {
    const metrics = registry()
    metrics.counter({ name: options.name })
    for (let tries = 0; tries < 2; tries++)
      assert.throws(() => summedGauge(metrics, options, () => 1), { name: 'TypeError', message: /pool\.size/ })
  })
})
