// Tests of graphite-lines.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { registry } from '../registry.ts'
import { GraphiteLines } from './graphite-lines.ts'
import { taggedNames } from './graphite-names.ts'

function scene(buckets = false) {
  const metrics = registry()
  const lines = new GraphiteLines(taggedNames('', {}), buckets)
  const written = (wallMs = 1_999) => {
    const all: string[] = []
    lines.write(metrics.collect(), wallMs, (line) => all.push(line))
    assert.ok(all.every((line) => line.endsWith(' 1\n')))
    return all.map((line) => line.slice(0, -' 1\n'.length))
  }
  return { metrics, written }
}

describe('GraphiteLines', () => {
  it('writes what counters come to in all, and gauges as they are, each time', () => {
    const { metrics, written } = scene()
    const calls = metrics.counter({ name: 'calls', labels: ['method'] })
    calls.with({ method: 'sum' }).add(2)
    metrics.gauge({ name: 'level' }).set(-0.5)
    assert.deepEqual(written(), ['calls;method=sum 2', 'level -0.5'])
    calls.with({ method: 'sum' }).add(3)
    assert.deepEqual(written(), ['calls;method=sum 5', 'level -0.5'])
  })

  it('writes count and sum of a histogram in all, and quantiles of what it was shown since', () => {
    const { metrics, written } = scene(true)
    const took = metrics.histogram({ name: 'took', buckets: [0, 10] })
    assert.deepEqual(written(), ['took.count 0', 'took.sum 0', 'took.le_0 0', 'took.le_10 0'])
    took.observe(4)
    took.observe(6)
    assert.deepEqual(written(), [
      ...['took.count 2', 'took.sum 10', 'took.le_0 0', 'took.le_10 2'],
      ...['took.p50 5', 'took.p90 9', 'took.p95 9.5', 'took.p99 9.9'],
    ])
    assert.deepEqual(written(), ['took.count 2', 'took.sum 10', 'took.le_0 0', 'took.le_10 2'])
    took.observe(-1)
    assert.deepEqual(written().slice(4), ['took.p50 0', 'took.p90 0', 'took.p95 0', 'took.p99 0'])
  })

  it('writes the quantiles of a summary, unless there is nothing to take them of', () => {
    const { metrics, written } = scene()
    const took = metrics.summary({ name: 'took', quantiles: [0.5, 1], relativeErrorRatio: 0.0001 })
    assert.deepEqual(written(), ['took.count 0', 'took.sum 0'])
    took.observe(0)
    assert.deepEqual(written(), ['took.count 1', 'took.sum 0', 'took.p50 0', 'took.p100 0'])
  })

  it('adds up what is written alike', () => {
    const { metrics, written } = scene()
    const calls = metrics.counter({ name: 'calls', labels: ['of'] })
    const took = metrics.histogram({ name: 'took', labels: ['of'], buckets: [10] })
    const level = metrics.gauge({ name: 'level', labels: ['of'] })
    for (const label of ['a b', 'a_b']) {
      calls.with({ of: label }).add(2)
      took.with({ of: label }).observe(5)
      level.with({ of: label }).set(label.length)
    }
    assert.deepEqual(written(), [
      'calls;of=a_b 4',
      ...['took.count;of=a_b 2', 'took.sum;of=a_b 10', 'took.p50;of=a_b 5', 'took.p90;of=a_b 9'],
      ...['took.p95;of=a_b 9.5', 'took.p99;of=a_b 9.9', 'level;of=a_b 3'],
    ])
  })

  it('leaves out what is no finite number', () => {
    const { metrics, written } = scene()
    const level = metrics.gauge({ name: 'level' })
    for (const value of [NaN, Infinity, -Infinity]) {
      level.set(value)
      assert.deepEqual(written(), [])
    }
  })
})
