// Tests of increases.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { manualClock } from '../testing/manual-clock.ts'
import { confirmAll, type IncreaseFamily, Increases } from './increases.ts'
import { registry } from './registry.ts'

function scene() {
  const clock = manualClock()
  const metrics = registry({ clock })
  const increases = new Increases()
  const take = () => increases.take(metrics.collect())
  return { clock, metrics, take }
}

/** Of the first series of the first metric. */
function first<Kind extends IncreaseFamily['kind']>(families: readonly IncreaseFamily[], kind: Kind) {
  const [family] = families
  assert.equal(family?.kind, kind)
  // What the kind says of the series, the types of the union say too.
  return (family?.series[0] ?? assert.fail('there is no series')) as Extract<
    IncreaseFamily,
    { readonly kind: Kind }
  >['series'][number]
}

describe('Increases', () => {
  it('are what counters were given since it was confirmed', () => {
    const { metrics, take } = scene()
    const calls = metrics.counter({ name: 'calls' })
    calls.add(5)
    const taken = take()
    assert.deepEqual([first(taken, 'counter').value, first(taken, 'counter').isFirst], [5, true])
    calls.add(2)
    assert.equal(first(taken, 'counter').value, 5, 'what is taken does not change')
    assert.equal(first(take(), 'counter').value, 7, 'what did not arrive comes again')
    const again = take()
    confirmAll(again)
    confirmAll(again)
    calls.add(1)
    assert.deepEqual([first(take(), 'counter').value, first(take(), 'counter').isFirst], [1, false])
  })

  it('are the buckets, the sum and the count of histograms', () => {
    const { metrics, take } = scene()
    const took = metrics.histogram({ name: 'took', buckets: [1, 2] })
    for (const value of [0.5, 1.5, 1.5]) took.observe(value)
    confirmAll(take())
    for (const value of [1.25, 9]) took.observe(value)
    const { bounds, counts, sum, count } = first(take(), 'histogram')
    assert.deepEqual([[...bounds], [...counts], sum, count], [[1, 2], [0, 1, 1], 10.25, 2])
  })

  it('are the sum and the count of summaries, whose quantiles stay those of their window', () => {
    const { metrics, take } = scene()
    const took = metrics.summary({ name: 'took', quantiles: [0, 1] })
    took.observe(1)
    confirmAll(take())
    took.observe(4)
    const taken = first(take(), 'summary')
    assert.deepEqual([taken.sum, taken.count, taken.shape.quantiles], [4, 1, [0, 1]])
    assert.deepEqual(taken.quantiles().map(Math.round), [1, 4])
  })

  it('have gauges as they are', () => {
    const { metrics, take } = scene()
    metrics.gauge({ name: 'level' }).set(3)
    assert.equal(first(take(), 'gauge').value, 3)
    assert.equal(first(take(), 'gauge').value, 3)
  })

  it('take a sum below zero, and one that goes down', () => {
    const { metrics, take } = scene()
    const took = metrics.histogram({ name: 'took', buckets: [0] })
    took.observe(2)
    confirmAll(take())
    took.observe(-5)
    assert.equal(first(take(), 'histogram').sum, -5)
  })

  it('do not go back when an earlier one is confirmed later', () => {
    const { metrics, take } = scene()
    const calls = metrics.counter({ name: 'calls' })
    calls.add(1)
    const earlier = take()
    calls.add(1)
    confirmAll(take())
    confirmAll(earlier)
    assert.equal(first(take(), 'counter').value, 0)
  })

  it('are confirmed series by series', () => {
    const { metrics, take } = scene()
    const calls = metrics.counter({ name: 'calls', labels: ['of'] })
    for (const label of ['a', 'b']) calls.with({ of: label }).add(2)
    first(take(), 'counter').confirm()
    const [family] = take()
    assert.deepEqual(family?.kind === 'counter' && family.series.map(({ values, value }) => [...values, value]), [
      ['a', 0],
      ['b', 2],
    ])
  })

  it('are of the family and in its order, also when series come and go', () => {
    const { metrics, take } = scene()
    const calls = metrics.counter({ name: 'calls', labels: ['of'] })
    for (const label of ['a', 'b', 'c']) calls.with({ of: label }).add(1)
    confirmAll(take())
    calls.delete({ of: 'a' })
    for (const label of ['d', 'b']) calls.with({ of: label }).add(5)
    const [taken = assert.fail()] = take()
    assert.equal(taken.family.spec.name, 'calls')
    assert.deepEqual(taken.kind === 'counter' && taken.series.map(({ values, value }) => [...values, value]), [
      ['b', 5],
      ['c', 0],
      ['d', 5],
    ])
  })

  it('begin anew with a series that was deleted and is made again', () => {
    const { metrics, take } = scene()
    const calls = metrics.counter({ name: 'calls', labels: ['of'] })
    calls.with({ of: 'a' }).add(5)
    confirmAll(take())
    calls.delete({ of: 'a' })
    calls.with({ of: 'a' }).add(3)
    assert.deepEqual([first(take(), 'counter').value, first(take(), 'counter').isFirst], [3, true])
  })

  it('come to what was counted, each once, however many do not arrive', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ add: fc.nat(1_000), arrives: fc.boolean() })), (steps) => {
        const { metrics, take } = scene()
        const calls = metrics.counter({ name: 'calls' })
        const took = metrics.histogram({ name: 'took', buckets: [100, 500] })
        let [received, observed] = [0, 0]
        for (const { add, arrives } of [...steps, { add: 0, arrives: true }]) {
          calls.add(add)
          took.observe(add)
          const families = take()
          if (!arrives) continue
          confirmAll(families)
          for (const family of families) {
            if (family.kind === 'counter') received += family.series[0]?.value ?? 0
            if (family.kind === 'histogram') observed += family.series[0]?.count ?? 0
          }
        }
        assert.equal(
          received,
          steps.reduce((sum, { add }) => sum + add, 0),
        )
        assert.equal(observed, steps.length + 1)
      }),
      { seed: 7 },
    )
  })
})
