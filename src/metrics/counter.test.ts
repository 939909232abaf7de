// Tests of counter.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Context, rootContext } from '../core/context.ts'
import { traceContext } from '../core/inbound.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { CounterSeries } from './counter.ts'

function traced(traceId: string, sampled = true): Context {
  const trace = { traceId, spanId: '1'.repeat(16), sampled, traceparent: '', tracestate: '' }
  return rootContext({ clock: manualClock() }).with(traceContext, trace)
}

function traceOf({ exemplar }: CounterSeries): string | undefined {
  return exemplar?.traceId
}

describe('CounterSeries', () => {
  it('counts 1, or what it is given', () => {
    const counter = new CounterSeries([], { count: 0 })
    assert.equal(counter.value, 0)
    counter.add()
    counter.add(2.5)
    counter.add(0)
    counter.add(undefined)
    assert.equal(counter.value, 4.5)
  })

  it('never goes down, and never becomes what cannot be counted on', () => {
    const counter = new CounterSeries([], { count: 0 })
    counter.add(3)
    for (const amount of [-1, -0.1, -Infinity, NaN, Infinity]) counter.add(amount)
    assert.equal(counter.value, 3)
  })

  it('keeps the first sampled trace after each collection as its exemplar', () => {
    const turn = { count: 0 }
    const counter = new CounterSeries([], turn)
    counter.add(1)
    counter.add(1, traced('a', false))
    assert.equal(counter.exemplar, undefined)
    counter.add(2, traced('b'))
    counter.add(3, traced('c'))
    assert.deepEqual(counter.exemplar, { traceId: 'b', spanId: '1'.repeat(16), value: 2, at: Date.UTC(2026, 0, 1) })
    turn.count++
    assert.equal(traceOf(counter), 'b')
    counter.add(4, traced('d'))
    counter.add(5, traced('e'))
    assert.equal(traceOf(counter), 'd')
    assert.equal(counter.value, 16)
  })

  it('takes no exemplar from what it does not count', () => {
    const counter = new CounterSeries([], { count: 0 })
    counter.add(-1, traced('a'))
    assert.equal(counter.exemplar, undefined)
  })
})
