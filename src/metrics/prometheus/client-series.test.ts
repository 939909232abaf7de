// Tests of client-series.ts: what reaches a client, and what it would throw at.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ClientCounter, ClientGauge, ClientObserver } from './client-series.ts'

function recording() {
  const calls: (readonly [string, number | undefined])[] = []
  const child = {
    inc: (amount?: number) => calls.push(['inc', amount]),
    set: (value: number) => calls.push(['set', value]),
    observe: (value: number) => calls.push(['observe', value]),
  }
  return { calls, child }
}

describe('ClientCounter', () => {
  it('passes on what can be counted', () => {
    const { calls, child } = recording()
    const counter = new ClientCounter(child, {})
    for (const amount of [undefined, 2.5, 0, -1, Number.NaN, Infinity]) counter.add(amount)
    assert.deepEqual(calls, [
      ['inc', 1],
      ['inc', 2.5],
      ['inc', 0],
    ])
  })
})

describe('ClientGauge', () => {
  it('passes on every value, and what can be added', () => {
    const { calls, child } = recording()
    const gauge = new ClientGauge(child, {})
    for (const value of [2, -Infinity]) gauge.set(value)
    for (const amount of [-1.5, Number.NaN, Infinity]) gauge.add(amount)
    assert.deepEqual(calls, [
      ['set', 2],
      ['set', -Infinity],
      ['inc', -1.5],
    ])
  })
})

describe('ClientObserver', () => {
  it('passes on finite values', () => {
    const { calls, child } = recording()
    const histogram = new ClientObserver(child, {})
    for (const value of [-2, 0, Number.NaN, Infinity]) histogram.observe(value)
    assert.deepEqual(calls, [
      ['observe', -2],
      ['observe', 0],
    ])
  })
})

describe('ClientSeries', () => {
  it('passes on nothing once it is forgotten, and gives its labels', () => {
    const { calls, child } = recording()
    const gauge = new ClientGauge(child, { a: 'b' })
    assert.deepEqual(gauge.forget(), { a: 'b' })
    gauge.set(1)
    gauge.add(1)
    assert.deepEqual(calls, [])
  })
})
