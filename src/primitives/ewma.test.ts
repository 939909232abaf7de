// Tests of ewma.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Ewma } from './ewma.ts'

const anySample = fc.double({ min: 0, max: 1e9, noNaN: true })
const anyMs = fc.double({ min: 0, max: 1e6, noNaN: true })
const anyDecayMs = fc.double({ min: 0.1, max: 1e6, noNaN: true })

function near(actual: number, expected: number): void {
  const slack = 1e-9 * Math.max(1, Math.abs(expected))
  assert.ok(Math.abs(actual - expected) <= slack, `${actual} is not near ${expected}`)
}

describe('Ewma', () => {
  it('is the first sample after the first sample', () => {
    const average = new Ewma({ decayMs: 1_000 })
    assert.equal(average.value, 0)
    average.add(42, 5)
    assert.equal(average.value, 42)
  })

  it('gives a sample the weight of the time since the one before', () => {
    const average = new Ewma({ decayMs: 1_000 })
    average.add(100, 0)
    average.add(200, 1_000)
    near(average.value, 100 / Math.E + 200 * (1 - 1 / Math.E))
  })

  it('stays between the smallest and the largest sample', () => {
    fc.assert(
      fc.property(anyDecayMs, fc.array(fc.tuple(anySample, anyMs), { minLength: 1 }), (decayMs, samples) => {
        const average = new Ewma({ decayMs })
        let now = 0
        for (const [sample, pauseMs] of samples) {
          now += pauseMs
          average.add(sample, now)
        }
        const seen = samples.map(([sample]) => sample)
        const slack = 1 + 1e-9
        assert.ok(average.value >= Math.min(...seen) / slack && average.value <= Math.max(...seen) * slack)
      }),
    )
  })

  it('comes to what it is fed', () => {
    fc.assert(
      fc.property(anySample, anySample, anyDecayMs, (before, after, decayMs) => {
        const average = new Ewma({ decayMs })
        average.add(before, 0)
        for (let step = 1; step <= 50; step++) average.add(after, step * decayMs)
        near(average.value, after)
      }),
    )
  })

  it('does not depend on how often the same level is sampled', () => {
    fc.assert(
      fc.property(anySample, anySample, anyDecayMs, anyMs, anyMs, (before, level, decayMs, halfMs, otherHalfMs) => {
        const once = new Ewma({ decayMs })
        const twice = new Ewma({ decayMs })
        once.add(before, 0)
        twice.add(before, 0)
        once.add(level, halfMs + otherHalfMs)
        twice.add(level, halfMs)
        twice.add(level, halfMs + otherHalfMs)
        near(twice.value, once.value)
      }),
    )
  })

  it('fades towards 0 when looked at later, and is not changed by the look', () => {
    const average = new Ewma({ decayMs: 1_000 })
    assert.equal(average.valueAt(7), 0)
    average.add(100, 0)
    near(average.valueAt(1_000), 100 / Math.E)
    near(average.valueAt(1_000_000), 0)
    assert.equal(average.valueAt(0), 100)
    assert.equal(average.value, 100)
  })

  it('treats a clock that goes back as one that stands still', () => {
    const average = new Ewma({ decayMs: 1_000 })
    average.add(100, 5_000)
    average.add(900, 1_000)
    assert.equal(average.value, 100)
    assert.equal(average.valueAt(0), 100)
    average.add(900, 5_000)
    assert.equal(average.value, 100)
  })

  it('begins anew after reset', () => {
    const average = new Ewma({ decayMs: 1_000 })
    average.add(100, 5_000)
    average.reset()
    assert.equal(average.value, 0)
    average.add(7, 10)
    assert.equal(average.value, 7)
  })

  it('refuses a decay that is not positive and finite', () => {
    for (const decayMs of [0, -1, NaN, Infinity]) {
      assert.throws(() => new Ewma({ decayMs }), { name: 'RangeError', message: /^decayMs must be a number above 0/ })
    }
  })
})
