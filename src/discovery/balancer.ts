// Balancer: what chooses the instance of each attempt, and how it tells why.
import type { Context } from '../core/context.ts'
import { type TriedInstances, triedInstances } from '../core/tried-instances.ts'
import type { Candidate } from './candidate.ts'

/**
 * Chooses, and counts nothing: calls in flight, latency and success are kept on the candidates. It is told the set before it is first asked,
 * and whenever that changes; one balancer belongs to one set.
 */
export interface Balancer<Target = unknown> {
  /** What explanations call it: `round_robin`. */
  readonly name: string
  /** Takes the candidates that may be called, in an order that is the same in all processes. The list does not change afterwards. */
  update(candidates: readonly Candidate<Target>[]): void
  /**
   * Gives the candidate of the next attempt, one that the call has not been sent to (`triedIn`) while there is one; undefined where there is
   * none at all. With a trace it tells what it looked at, and does not take this for a call: its next pick is what it would have been.
   */
  pick(ctx: Context, trace?: PickTrace<Target>): Candidate<Target> | undefined
}

/** Hears what a balancer looks at. */
export interface PickTrace<Target = unknown> {
  /** A candidate was looked at. Of scores, where there are any, the lowest one wins; `note` says what else decides. */
  consider(candidate: Candidate<Target>, score?: number, note?: string): void
}

/** What the call has been sent to; undefined for its first attempt, which is nearly all of them. */
export function triedIn(ctx: Context): TriedInstances | undefined {
  const tried = ctx.get(triedInstances)
  return tried === undefined || tried.ids.length === 0 ? undefined : tried
}
