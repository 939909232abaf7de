// Tests of gauge.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GaugeSeries } from './gauge.ts'

describe('GaugeSeries', () => {
  it('is what it was set to, and what was added since', () => {
    const gauge = new GaugeSeries([])
    assert.equal(gauge.value, 0)
    gauge.add(2)
    gauge.set(-7.5)
    gauge.add(-1)
    gauge.add(0.5)
    assert.equal(gauge.value, -8)
  })

  it('adds nothing that it could not come back from', () => {
    const gauge = new GaugeSeries([])
    gauge.set(5)
    for (const amount of [NaN, Infinity, -Infinity]) gauge.add(amount)
    assert.equal(gauge.value, 5)
  })

  it('can be set to what is no number, which says that nothing is known', () => {
    const gauge = new GaugeSeries([])
    gauge.set(NaN)
    assert.equal(gauge.value, NaN)
    gauge.set(1)
    assert.equal(gauge.value, 1)
  })
})
