// Tests of context-fields.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Context, rootContext } from '../core/context.ts'
import { requestId, traceContext } from '../core/inbound.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { contextFields } from './context-fields.ts'

const clock = manualClock({ startAt: 5_000, wallStartAt: Date.UTC(2026, 0, 1) })
const trace = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  sampled: true,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: '',
}

describe('contextFields', () => {
  it('says nothing of a call that says nothing', () => {
    assert.deepEqual(contextFields(rootContext({ clock })), {})
  })

  it('says whose call it is, where in its trace, and until when', () => {
    const ctx = rootContext({ clock, deadlineAt: 6_250 }).with(requestId, 'r-1').with(traceContext, trace)
    assert.deepEqual(Object.entries(contextFields(ctx)), [
      ['request_id', 'r-1'],
      ['trace_id', trace.traceId],
      ['span_id', trace.spanId],
      ['deadline', '2026-01-01T00:00:01.250Z'],
    ])
  })

  it('says what it can of a context whose deadline no calendar has', () => {
    const ctx = rootContext({ clock, deadlineAt: 1e300 }).with(requestId, 'r-1')
    assert.deepEqual(contextFields(ctx), { request_id: 'r-1' })
  })

  it('says nothing of what is no context, and does not throw', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    for (const other of [{}, 'ctx', 7, proxy, { get: assert.fail }])
      assert.deepEqual(contextFields(other as unknown as Context), {})
  })
})
