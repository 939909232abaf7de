// Exemplars: one call as the example of many, so that a dashboard leads from a bucket to a trace.
import type { Context } from '../core/context.ts'
import { traceContext } from '../core/inbound.ts'

/** A measured call whose trace was recorded. */
export interface Exemplar {
  readonly traceId: string
  readonly spanId: string
  readonly value: number
  /** Milliseconds since the epoch. */
  readonly at: number
}

/**
 * How many times the metrics have been collected. Each bucket takes the first exemplar after a collection and no more until the
 * next one, so that in between nobody looks for a trace.
 */
export interface Turn {
  readonly count: number
}

/** The exemplar that a call makes; undefined unless its trace is sampled. */
export function exemplarOf(ctx: Context, value: number): Exemplar | undefined {
  const trace = ctx.get(traceContext)
  if (trace === undefined || !trace.sampled) return undefined
  return { traceId: trace.traceId, spanId: trace.spanId, value, at: ctx.clock.wallNow() }
}
