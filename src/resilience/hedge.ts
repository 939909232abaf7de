// hedge: when an answer is late, asks a second time elsewhere, and takes what comes first.
import type { Context } from '../core/context.ts'
import type { Endpoint, Middleware } from '../core/endpoint.ts'
import { longestUnaryMs, type MethodInfo } from '../core/method.ts'
import { tell } from '../core/tell.ts'
import { checkNumber } from '../primitives/check.ts'
import { HedgedCall, type HedgeOwner } from './hedged-call.ts'
import { LatencyQuantile } from './latency-quantile.ts'
import type { Policy } from './policy.ts'
import { checkBudget, type RetryBudget, type RetryBudgetSnapshot, retryBudget } from './retry-budget.ts'
import { isSingle } from './retryable.ts'

/** When a second attempt is made. */
export interface HedgeOptions {
  /** After how long without an answer, in milliseconds from 0. @default what `quantile` says */
  readonly delayMs?: number | undefined
  /** Where `delayMs` is not given: after as long as this share of the latest answers took at most, each method by itself; from 0.5 to 1. @default 0.95 */
  readonly quantile?: number | undefined
  /** How many answers of a method there must be before its quantile counts; until then nothing is hedged. @default 100 */
  readonly minSamples?: number | undefined
  /** How many attempts there are beyond the first, each after the same delay; from 1 to 10. @default 1 */
  readonly hedges?: number | undefined
  /** What limits further attempts: that of the retry. @default retryBudget() of its own */
  readonly budget?: RetryBudget | undefined
  /** Whether the budget is told here of each call; where a retry shares it, that one does. @default whether the budget is its own */
  readonly countsCalls?: boolean | undefined
  /** Told of each further attempt. @default nothing */
  readonly onHedge?: ((event: HedgeEvent) => void) | undefined
  /** Told of the end of each call with more than one attempt. @default nothing */
  readonly onHedgeEnd?: ((event: HedgeEndEvent) => void) | undefined
}

/** A further attempt is made. */
export interface HedgeEvent {
  readonly ctx: Context
  /** Which of the call's attempts it is, from 2. */
  readonly attempt: number
  /** How long after the first one, in milliseconds. */
  readonly afterMs: number
}

/** A call with more than one attempt has ended. */
export interface HedgeEndEvent {
  readonly ctx: Context
  /** Whose answer was taken, from 1; undefined where all failed, or the caller waited no longer. */
  readonly winner: number | undefined
  readonly attempts: number
}

/** How a hedge is set, and what it has done. */
export interface HedgeSnapshot {
  /** The delay that is set; undefined where it is learned. */
  readonly delayMs: number | undefined
  /** What the delay is learned by; undefined where it is set. */
  readonly quantile: number | undefined
  readonly minSamples: number | undefined
  readonly hedges: number
  readonly countsCalls: boolean
  /** The delays that were learned, by method. */
  readonly learnedMs: Readonly<Record<string, number>>
  /** How many further attempts were made. */
  readonly hedged: number
  /** How many of them gave the answer. */
  readonly won: number
  /** How many were not made, for want of budget. */
  readonly refused: number
  readonly budget: RetryBudgetSnapshot
}

/**
 * Makes another attempt when an answer is late, cancels whichever loses, and cuts the tail of latencies at the price of a few more
 * calls (Dean and Barroso, "The Tail at Scale", CACM 2013). Only unary calls of idempotent methods are hedged, and not those with
 * `retry: false`; all others pass. The budget keeps a downstream that is slow as a whole from getting twice its load. An attempt that fails is not replaced:
 * that is what a retry around this does. Where balancers choose instances, each attempt goes to another one.
 *
 * Throws a RangeError for an option out of its range.
 */
export function hedge(options: HedgeOptions = {}): Policy<HedgeSnapshot> {
  const hedges = new Hedges(options)
  const middleware: Middleware = (next) => hedges.around(next)
  return Object.assign(middleware, { snapshot: () => hedges.snapshot() })
}

class Hedges implements HedgeOwner {
  readonly most: number
  readonly #delayMs: number | undefined
  readonly #quantile: number
  readonly #minSamples: number
  readonly #budget: RetryBudget
  readonly #countsCalls: boolean
  readonly #onHedge: HedgeOptions['onHedge']
  readonly #onHedgeEnd: HedgeOptions['onHedgeEnd']
  /** By method: there are as many as the contracts have. */
  readonly #latencies = new Map<MethodInfo, LatencyQuantile>()
  #hedged = 0
  #won = 0
  #refused = 0

  constructor(options: HedgeOptions) {
    const { delayMs, quantile = 0.95, minSamples = 100, hedges = 1, budget } = options
    this.#delayMs = delayMs === undefined ? undefined : checkNumber('delayMs', delayMs, { min: 0, max: longestUnaryMs })
    this.#quantile = checkNumber('quantile', quantile, { min: 0.5, max: 1 })
    this.#minSamples = checkNumber('minSamples', minSamples, { min: 1, max: 1e9, integer: true })
    this.most = checkNumber('hedges', hedges, { min: 1, max: 10, integer: true })
    this.#budget = checkBudget(budget ?? retryBudget())
    this.#countsCalls = options.countsCalls ?? budget === undefined
    this.#onHedge = options.onHedge
    this.#onHedgeEnd = options.onHedgeEnd
  }

  around<Req, Res>(next: Endpoint<Req, Res>): Endpoint<Req, Res> {
    return (request, ctx) => {
      const { method } = ctx
      if (this.#countsCalls) this.#budget.record(ctx.clock)
      if (!method.idempotent || method.kind !== 'unary' || isSingle(ctx)) return next(request, ctx)
      const latencies = this.#delayMs === undefined ? this.#latenciesOf(method) : undefined
      const delayMs = this.#delayMs ?? latencies?.valueMs ?? Infinity
      return new Promise((resolve, reject) => {
        new HedgedCall({ owner: this, next, request, ctx, delayMs, latencies }, resolve, reject).run()
      })
    }
  }

  take(now: number): boolean {
    if (this.#budget.take(now)) return true
    this.#refused++
    return false
  }

  hedged(event: HedgeEvent): void {
    this.#hedged++
    tell(this.#onHedge, event)
  }

  ended(event: HedgeEndEvent): void {
    if ((event.winner ?? 1) > 1) this.#won++
    tell(this.#onHedgeEnd, event)
  }

  snapshot(): HedgeSnapshot {
    const learned: Record<string, number> = {}
    for (const [{ fullName }, { valueMs }] of this.#latencies) if (valueMs !== undefined) learned[fullName] = valueMs
    return {
      delayMs: this.#delayMs,
      quantile: this.#delayMs === undefined ? this.#quantile : undefined,
      minSamples: this.#delayMs === undefined ? this.#minSamples : undefined,
      hedges: this.most,
      countsCalls: this.#countsCalls,
      learnedMs: learned,
      hedged: this.#hedged,
      won: this.#won,
      refused: this.#refused,
      budget: this.#budget.snapshot(),
    }
  }

  #latenciesOf(method: MethodInfo): LatencyQuantile {
    let latencies = this.#latencies.get(method)
    if (latencies === undefined) {
      latencies = new LatencyQuantile({ quantile: this.#quantile, minSamples: this.#minSamples })
      this.#latencies.set(method, latencies)
    }
    return latencies
  }
}
