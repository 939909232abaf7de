// Tests of exemplar.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { traceContext } from '../core/inbound.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { exemplarOf, Looks } from './exemplar.ts'

const clock = manualClock({ wallStartAt: 1_000 })
const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true, traceparent: '', tracestate: '' }

describe('exemplarOf', () => {
  it('is the trace of a call, with the value and the time of day', async () => {
    await clock.advance(234)
    const ctx = rootContext({ clock }).with(traceContext, trace)
    assert.deepEqual(exemplarOf(ctx, 0.5), { traceId: trace.traceId, spanId: trace.spanId, value: 0.5, at: 1_234 })
  })

  it('is none for a call whose trace nobody records', () => {
    const ctx = rootContext({ clock })
    assert.equal(exemplarOf(ctx, 1), undefined)
    assert.equal(exemplarOf(ctx.with(traceContext, { ...trace, sampled: false }), 1), undefined)
  })
})

describe('Looks', () => {
  it('gives up after a thousand calls without a sampled trace, until the next collection', () => {
    const turn = { count: 0 }
    const looks = new Looks(turn)
    const untraced = rootContext({ clock })
    const traced = untraced.with(traceContext, trace)
    for (let i = 0; i < 999; i++) assert.equal(looks.at(untraced, 1), undefined)
    assert.equal(looks.at(traced, 1)?.traceId, trace.traceId)
    for (let i = 0; i < 1_000; i++) assert.equal(looks.at(untraced, 1), undefined)
    assert.equal(looks.at(traced, 1), undefined)
    turn.count++
    assert.equal(looks.at(traced, 1)?.traceId, trace.traceId)
  })
})
