// Tests of layout.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { registry } from '../registry.ts'
import { layoutOf } from './layout.ts'

const maxNameBytes = 255

describe('a layout', () => {
  it('has metrics, instances and values in the order in which they were made', () => {
    const metrics = registry()
    const calls = metrics.counter({ name: 'calls', labels: ['code'], help: 'How often.' })
    metrics.gauge({ name: 'level' }).set(7)
    calls.with({ code: 'ok' }).add(3)
    calls.with({ code: 'bad' }).add(1)
    metrics.histogram({ name: 'unused', labels: ['a'] })
    const layout = layoutOf(metrics.collect(), { maxNameBytes })
    const { metrics: laid, domains, values, leftOut } = layout
    assert.deepEqual(
      laid.map(({ name, help, domain }) => [name, help, domain]),
      [
        ['calls', 'How often.', 0],
        ['level', '', undefined],
      ],
    )
    assert.deepEqual(
      domains.map(({ instances }) => instances.map(({ name }) => name)),
      [['code=ok', 'code=bad']],
    )
    assert.deepEqual(values, [
      { metric: 0, instance: 0 },
      { metric: 0, instance: 1 },
      { metric: 1, instance: undefined },
    ])
    assert.equal(leftOut, 0)
    assert.deepEqual(layout.read(), [3, 1, 7])
  })

  it('has one domain for count and sum, and another for the spread', () => {
    const metrics = registry()
    const took = metrics.histogram({ name: 'took', labels: ['of'] })
    took.with({ of: 'a' }).observe(1)
    took.with({ of: 'b' }).observe(2)
    const layout = layoutOf(metrics.collect(), { maxNameBytes })
    assert.deepEqual(
      layout.metrics.map(({ name, domain }) => [name, domain]),
      [
        ['took.count', 0],
        ['took.sum', 0],
        ['took.spread', 1],
      ],
    )
    assert.deepEqual(
      layout.domains.map(({ instances }) => instances.length),
      [2, 10],
    )
    assert.deepEqual(layout.values[9], { metric: 2, instance: 5 })
    assert.equal(layout.domains[1]?.instances[5]?.name, 'of=b,mean')
    assert.equal(layout.values.length, layout.read().length)
  })

  it('keeps the numbers of instances when others come and go', () => {
    const metrics = registry()
    const calls = metrics.counter({ name: 'calls', labels: ['n'], maxSeries: 500 })
    for (let n = 0; n < 100; n++) calls.with({ n }).add()
    const before = layoutOf(metrics.collect(), { maxNameBytes })
    for (let n = 0; n < 50; n++) calls.delete({ n })
    for (let n = 100; n < 300; n++) calls.with({ n }).add()
    const after = layoutOf(metrics.collect(), { maxNameBytes, before: before.numbering })
    const numbersOf = ({ domains }: typeof before) =>
      new Map(domains[0]?.instances.map(({ name, number }) => [name, number]))
    const [old, now] = [numbersOf(before), numbersOf(after)]
    assert.equal(now.size, 250)
    for (let n = 50; n < 100; n++) assert.equal(now.get(`n=${n}`), old.get(`n=${n}`))
    assert.equal(new Set(now.values()).size, 250)
  })

  it('leaves out what pmdammv would not take, and says how much', () => {
    const metrics = registry()
    const first = metrics.counter({ name: 'first', labels: ['n'], maxSeries: 20_000 })
    for (let n = 0; n < 9_990; n++) first.with({ n }).add()
    const took = metrics.histogram({ name: 'took', labels: ['n'] })
    for (let n = 0; n < 5; n++) took.with({ n }).observe(n)
    metrics.gauge({ name: 'last' }).set(5)
    const { values, leftOut, metrics: laid } = layoutOf(metrics.collect(), { maxNameBytes })
    // Of the histogram one series has room, for each has seven values.
    assert.equal(values.length, 9_990 + 7 + 1)
    assert.equal(leftOut, 4)
    assert.equal(laid.at(-1)?.name, 'last')
  })

  it('has no more metrics than there are numbers', () => {
    const metrics = registry()
    for (let n = 0; n < 1_100; n++) metrics.gauge({ name: `level${n}` }).set(n)
    const layout = layoutOf(metrics.collect(), { maxNameBytes })
    assert.deepEqual([layout.metrics.length, layout.leftOut, layout.values.length], [1_024, 76, 1_024])
    assert.equal(new Set(layout.metrics.map(({ item }) => item)).size, 1_024)
  })
})
