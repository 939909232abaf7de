// Tests of columns.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkSpec } from '../metric-spec.ts'
import { type MetricFamily, registry } from '../registry.ts'
import { columnsOf, helpOf, numbersOf, suffixesOf } from './columns.ts'
import { countUnits, noUnits, unitsOf } from './units.ts'

function familyOf(make: (metrics: ReturnType<typeof registry>) => void): MetricFamily {
  const metrics = registry()
  make(metrics)
  return metrics.collect()[0] as MetricFamily
}

const numbers = (family: MetricFamily) => family.series.map((series) => numbersOf(series))

describe('columns', () => {
  it('of a counter and a gauge are one', () => {
    const hits = familyOf((metrics) => metrics.counter({ name: 'hits' }).add(2.5))
    const one = { suffix: '', type: 'double', statistics: undefined }
    assert.deepEqual(columnsOf(hits), [{ ...one, semantics: 'counter', units: countUnits }])
    assert.deepEqual(numbers(hits), [[2.5]])
    const size = familyOf((metrics) => metrics.gauge({ name: 'size', unit: 'bytes' }).set(-1))
    assert.deepEqual(columnsOf(size), [{ ...one, semantics: 'instant', units: unitsOf('bytes', noUnits) }])
    assert.deepEqual(numbers(size), [[-1]])
    const sent = familyOf((metrics) => metrics.counter({ name: 'sent', unit: 'bytes' }).add())
    assert.equal(columnsOf(sent)[0]?.units, unitsOf('bytes', noUnits))
  })

  it('of a histogram are count, sum, and how values are spread', () => {
    const took = familyOf((metrics) => {
      const histogram = metrics.histogram({ name: 'took', unit: 'seconds', buckets: [1, 2, 4] })
      for (const value of [0.5, 1.5, 3, 3]) histogram.observe(value)
    })
    const columns = columnsOf(took)
    assert.deepEqual(
      columns.map(({ suffix, type, semantics }) => [suffix, type, semantics]),
      [
        ['.count', 'u64', 'counter'],
        ['.sum', 'double', 'counter'],
        ['.spread', 'double', 'instant'],
      ],
    )
    assert.deepEqual(columns[2]?.statistics, ['mean', 'p50', 'p90', 'p95', 'p99'])
    assert.deepEqual(numbers(took), [[4, 8, 2, 2, 3.6, 3.8, 3.96]])
  })

  it('of a summary have its own quantiles', () => {
    const size = familyOf((metrics) => {
      const summary = metrics.summary({ name: 'size', quantiles: [0, 0.999, 1] })
      for (const value of [4, 2, 9]) summary.observe(value)
    })
    assert.deepEqual(columnsOf(size)[2]?.statistics, ['mean', 'min', 'p99.9', 'max'])
    const [row = []] = numbers(size)
    assert.deepEqual([row[0], row[1], row[2], row[3], row[5]], [3, 15, 5, 2, 9])
  })

  it('have names that are known before there is a series', () => {
    for (const kind of ['counter', 'gauge', 'histogram', 'summary'] as const) {
      const family = familyOf((metrics) => void metrics[kind]({ name: 'x' }))
      assert.deepEqual(
        suffixesOf({ kind }),
        columnsOf(family).map(({ suffix }) => suffix),
      )
    }
  })

  it('have help in one line', () => {
    assert.equal(helpOf(checkSpec({ name: 'x', help: ' How often.\n  Really. ' })), 'How often. Really.')
  })
})
