// Tests of follow-total.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CounterSeries } from '../counter.ts'
import { followTotal } from './follow-total.ts'

describe('followTotal', () => {
  it('brings a counter up to the total, and never down', () => {
    const counter = new CounterSeries([], { count: 0 })
    const follow = followTotal(counter)
    const seen = [5, 5, 7.5, 3, NaN, -1, 8].map((total) => {
      follow(total)
      return counter.value
    })
    assert.deepEqual(seen, [5, 5, 7.5, 7.5, 7.5, 7.5, 8])
  })

  it('counts nothing twice when two follow the same total, at once or one after the other', () => {
    const counter = new CounterSeries([], { count: 0 })
    const [first, second] = [followTotal(counter), followTotal(counter)]
    first(5)
    second(6)
    first(7)
    followTotal(counter)(8)
    assert.equal(counter.value, 8)
  })

  it('adds to what others have counted', () => {
    const counter = new CounterSeries([], { count: 0 })
    counter.add(100)
    followTotal(counter)(5)
    assert.equal(counter.value, 105)
  })
})
