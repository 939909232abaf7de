// Tests of catalog.ts: what is made, and what becomes of it. That each name is one metric is proved with the registry, which stands on it.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recorder } from '../testing/recorder.ts'
import { Catalog, type CatalogOptions, type InstrumentMakers } from './catalog.ts'

interface Made {
  readonly what: string
}

const made =
  (...parts: readonly unknown[]) =>
  (values: readonly string[]) => ({ what: [...parts, ...values].join(' '), add() {}, set() {}, observe() {} })

const makers: InstrumentMakers<Made> = {
  counter: ({ name }) => made('counter', name),
  gauge: ({ name }) => made('gauge', name),
  histogram: ({ name }, bounds) => made('histogram', name, bounds.join()),
  summary: ({ name }, { quantiles }) => made('summary', name, quantiles.join()),
}

const catalog = (options?: CatalogOptions<Made>) => new Catalog<Made>(makers, options)
const shown = (metrics: Catalog<Made>) => metrics.collect().flatMap(({ series }) => series.map(({ what }) => what))

describe('Catalog', () => {
  it('makes instruments of each kind, knowing what they are of', () => {
    const metrics = catalog()
    metrics.counter({ name: 'a', labels: ['x', 'y'] }).with({ y: 2, x: 1 })
    metrics.gauge({ name: 'b' })
    metrics.histogram({ name: 'c', buckets: [1, 2] })
    metrics.summary({ name: 'd', quantiles: [0.5] })
    assert.deepEqual(shown(metrics), ['counter a 1 2', 'gauge b', 'histogram c 1,2', 'summary d 0.5'])
    assert.deepEqual(
      metrics.collect().map(({ kind, spec }) => [kind, spec.name, spec.labels.length]),
      [
        ['counter', 'a', 2],
        ['gauge', 'b', 0],
        ['histogram', 'c', 0],
        ['summary', 'd', 0],
      ],
    )
  })

  it('makes each instrument once', () => {
    const metrics = catalog()
    assert.equal(metrics.counter({ name: 'a' }), metrics.counter({ name: 'a' }))
    assert.throws(() => metrics.gauge({ name: 'a' }), TypeError)
    const labelled = metrics.gauge({ name: 'b', labels: ['x'] })
    assert.equal(labelled.with({ x: 1 }), labelled.with({ x: '1' }))
    assert.equal(metrics.gauge({ name: 'b', labels: ['x'] }), labelled)
  })

  it('asks its makers once a metric, whether there is an instrument or not, and has none that they refuse', () => {
    const asked: string[] = []
    const metrics = new Catalog<Made>({
      ...makers,
      gauge(spec) {
        asked.push(spec.name)
        if (asked.length === 1) throw new TypeError('no')
        return makers.gauge(spec)
      },
    })
    const labelled = () => metrics.gauge({ name: 'a', labels: ['x'] })
    assert.throws(labelled, { message: 'no' })
    assert.deepEqual(metrics.collect(), [])
    for (const x of [1, 2]) labelled().with({ x })
    assert.deepEqual(asked, ['a', 'a'])
    assert.deepEqual(shown(metrics), ['gauge a 1', 'gauge a 2'])
  })

  it('tells of an instrument that is forgotten', () => {
    const onDelete = recorder<Made>()
    const labelled = catalog({ onDelete }).counter({ name: 'a', labels: ['x'] })
    labelled.with({ x: 1 })
    labelled.delete({ x: 1 })
    labelled.delete({ x: 1 })
    assert.deepEqual(
      onDelete.events.map(({ what }) => what),
      ['counter a 1'],
    )
  })

  it('tells of a metric with too many series, and makes no more than it may', () => {
    const onCardinalityExceeded = recorder()
    const metrics = catalog({ onCardinalityExceeded })
    const labelled = metrics.counter({ name: 'a', labels: ['x'], maxSeries: 2 })
    for (let x = 0; x < 10; x++) labelled.with({ x })
    assert.deepEqual(onCardinalityExceeded.events, [{ metric: 'a', maxSeries: 2 }])
    assert.deepEqual(shown(metrics), ['counter a 0', 'counter a 1', 'counter a __overflow__'])
  })

  it('calls readers once, also where one of them collects', () => {
    const metrics = catalog()
    let reads = 0
    metrics.counter({ name: 'a' })
    metrics.onCollect(() => {
      reads++
      assert.deepEqual(shown(metrics), ['counter a'])
    })
    metrics.collect()
    metrics.collect()
    assert.equal(reads, 2)
  })
})
