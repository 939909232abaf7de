// Tests of trace-of.ts.
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, it } from 'node:test'
import { type Context, context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api'
import { traceOf } from './trace-of.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

/** As that of the SDK for Node. */
function contextManager() {
  const storage = new AsyncLocalStorage<Context>()
  return {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active: Context, run: (...args: never[]) => never, _self: unknown, ...args: never[]) =>
      storage.run(active, run, ...args),
    bind: (_context: Context, target: never) => target,
    enable() {
      return this
    },
    disable() {
      return this
    },
  }
}

describe('the trace of a record', () => {
  it('is taken out of its attributes', () => {
    const attributes = { trace_id: traceId, span_id: spanId, request_id: 'r' }
    const found = traceOf(attributes)
    assert.deepEqual(found && trace.getSpanContext(found), { traceId, spanId, traceFlags: TraceFlags.SAMPLED })
    assert.deepEqual(attributes, { request_id: 'r' })
  })

  it('is none where there are no valid ids, which then are attributes like others', () => {
    for (const attributes of [
      {},
      { trace_id: traceId },
      { trace_id: 'x', span_id: spanId },
      { trace_id: traceId, span_id: '0'.repeat(16) },
      { trace_id: 7, span_id: spanId },
    ]) {
      const before = { ...attributes }
      assert.equal(traceOf(attributes), undefined)
      assert.deepEqual(attributes, before)
    }
  })

  it('is sampled as the active one is, where that is the same', () => {
    context.setGlobalContextManager(contextManager() as never)
    try {
      const active = trace.setSpanContext(ROOT_CONTEXT, {
        traceId,
        spanId: '00f067aa0ba902b7',
        traceFlags: TraceFlags.NONE,
      })
      const flags = (id: string) =>
        context.with(active, () => {
          const found = traceOf({ trace_id: id, span_id: spanId })
          return found && trace.getSpanContext(found)?.traceFlags
        })
      assert.deepEqual([flags(traceId), flags(`1${traceId.slice(1)}`)], [TraceFlags.NONE, TraceFlags.SAMPLED])
    } finally {
      context.disable()
    }
  })
})
