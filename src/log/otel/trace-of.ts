// The trace of a record, as OpenTelemetry has it: beside the attributes and not among them.
import { type Context, context, isValidSpanId, isValidTraceId, TraceFlags, trace } from '@opentelemetry/api'
import type { OtelAttributes } from './logger.ts'

/**
 * Takes `trace_id` and `span_id`, which the context of a call puts into a record, out of its attributes, and gives OpenTelemetry's context of that span; undefined
 * where there are none, or none that are valid: then its own active context counts. Whether the trace is sampled a record does not say: unless the active one
 * is the same and knows, it counts as sampled, for what leaves out the records of other traces would lose it.
 */
export function traceOf(attributes: OtelAttributes): Context | undefined {
  const { trace_id: traceId, span_id: spanId } = attributes
  if (typeof traceId !== 'string' || typeof spanId !== 'string') return undefined
  if (!isValidTraceId(traceId) || !isValidSpanId(spanId)) return undefined
  delete attributes['trace_id']
  delete attributes['span_id']
  const active = context.active()
  const known = trace.getSpanContext(active)
  const traceFlags = known?.traceId === traceId ? known.traceFlags : TraceFlags.SAMPLED
  return trace.setSpanContext(active, { traceId, spanId, traceFlags })
}
