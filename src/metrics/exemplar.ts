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

// A look costs more than all else that a series does with a call.
const mostLooks = 1_000

/** How often a series has looked for a trace in vain: after 1,000 calls without a sampled one it waits for the next collection. */
export class Looks {
  readonly #turn: Turn
  #counted = -1
  #inVain = 0

  constructor(turn: Turn) {
    this.#turn = turn
  }

  /** The exemplar that a call makes, if the series still looks for one. */
  at(ctx: Context, value: number): Exemplar | undefined {
    const { count } = this.#turn
    if (this.#counted !== count) {
      this.#counted = count
      this.#inVain = 0
    }
    if (this.#inVain === mostLooks) return undefined
    const exemplar = exemplarOf(ctx, value)
    this.#inVain = exemplar === undefined ? this.#inVain + 1 : 0
    return exemplar
  }
}
