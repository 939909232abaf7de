// Tests of exemplar.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from '../core/context.ts'
import { traceContext } from '../core/inbound.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { exemplarOf } from './exemplar.ts'

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
