// Tests of series.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Failures } from './failures.ts'
import { OtelCounter, OtelGauge, OtelObserver } from './series.ts'

const attributes = Object.freeze({ method: 'get' })

describe('series of OpenTelemetry', () => {
  it('pass on what is measured, with the same attributes each time, until they are forgotten', () => {
    const seen: unknown[][] = []
    const failures = new Failures()
    const counter = new OtelCounter({ add: (...given) => seen.push(given) }, attributes, failures)
    const observer = new OtelObserver({ record: (...given) => seen.push(given) }, attributes, failures)
    counter.add()
    for (const amount of [2.5, -1, NaN, Infinity, '3' as never]) counter.add(amount)
    for (const value of [0, 2.5, -1, NaN, Infinity]) observer.observe(value)
    assert.deepEqual(
      seen,
      [1, 2.5, 3, 0, 2.5].map((value) => [value, attributes]),
    )
    assert.ok(seen.every(([, given]) => given === attributes))
    for (const series of [counter, observer]) series.forget()
    counter.add(1)
    observer.observe(1)
    assert.deepEqual([seen.length, failures.count], [5, 0])
  })

  it('stop nobody when they fail, or were never made', () => {
    const failures = new Failures()
    const broken = (): never => {
      throw new Error('broken')
    }
    new OtelCounter({ add: broken }, attributes, failures).add()
    new OtelObserver({ record: broken }, attributes, failures).observe(1)
    new OtelCounter(undefined, attributes, failures).add()
    new OtelObserver(undefined, attributes, failures).observe(1)
    assert.deepEqual([failures.count, (failures.last as Error).message], [2, 'broken'])
  })

  it('of a gauge have a value once it was set, and are among all until they are forgotten', () => {
    const all = new Set<OtelGauge>()
    const gauge = new OtelGauge(all, attributes)
    assert.deepEqual([gauge.value, gauge.attributes, all.has(gauge)], [undefined, attributes, true])
    gauge.add(2)
    for (const amount of [NaN, Infinity]) gauge.add(amount)
    assert.equal(gauge.value, 2)
    gauge.set(-7)
    gauge.add(0.5)
    assert.equal(gauge.value, -6.5)
    gauge.forget()
    assert.equal(all.size, 0)
  })
})
