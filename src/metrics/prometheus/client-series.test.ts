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
  const removed: Record<string, string>[] = []
  const metric = { labels: () => child, remove: (labels: Record<string, string>) => void removed.push(labels) }
  return { calls, removed, metric }
}

describe('ClientCounter', () => {
  it('passes on what can be counted', () => {
    const { calls, metric } = recording()
    const counter = new ClientCounter(metric, {})
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
    const { calls, metric } = recording()
    const gauge = new ClientGauge(metric, {})
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
    const { calls, metric } = recording()
    const histogram = new ClientObserver(metric, {})
    for (const value of [-2, 0, Number.NaN, Infinity]) histogram.observe(value)
    assert.deepEqual(calls, [
      ['observe', -2],
      ['observe', 0],
    ])
  })
})

describe('ClientSeries', () => {
  it('passes on nothing once it is forgotten, and is removed', () => {
    const { calls, removed, metric } = recording()
    const gauge = new ClientGauge(metric, { a: 'b' })
    gauge.forget()
    assert.deepEqual(removed, [{ a: 'b' }])
    gauge.set(1)
    gauge.add(1)
    assert.deepEqual(calls, [])
  })
})
