// roundRobin: each instance in its turn.
import type { Context } from '../core/context.ts'
import { type Balancer, type PickTrace, triedIn } from './balancer.ts'
import type { Candidate } from './candidate.ts'
import { untriedFrom } from './untried.ts'

/**
 * Gives one candidate behind the other in the order of the set, from the first one on, and minds neither weights nor loads. When the set
 * changes it goes on behind the one that it gave last, so that a change favours nobody.
 */
export function roundRobin<Target = unknown>(): Balancer<Target> {
  return new RoundRobin<Target>()
}

class RoundRobin<Target> implements Balancer<Target> {
  readonly name = 'round_robin'
  #candidates: readonly Candidate<Target>[] = []
  /** The place of the one that it gave last; -1 before the first one. */
  #last = -1

  update(candidates: readonly Candidate<Target>[]): void {
    this.#last = this.#lastIn(candidates)
    this.#candidates = candidates
  }

  pick(ctx: Context, trace?: PickTrace<Target>): Candidate<Target> | undefined {
    const candidates = this.#candidates
    const next = this.#last + 1 < candidates.length ? this.#last + 1 : 0
    const tried = triedIn(ctx)
    const at = tried === undefined ? next : untriedFrom(candidates, next, tried, trace)
    const candidate = candidates[at]
    if (candidate === undefined) return undefined
    if (trace === undefined) this.#last = at
    else trace.consider(candidate)
    return candidate
  }

  /** Where the one it gave last is in a new set or, if that has left, the nearest before it that has not. */
  #lastIn(candidates: readonly Candidate<Target>[]): number {
    if (this.#last === -1) return -1
    const places = new Map(candidates.map((candidate, at) => [candidate.instance.id, at]))
    const before = this.#candidates
    for (let step = 0; step < before.length; step++) {
      const earlier = before.at(this.#last - step) as Candidate<Target>
      const at = places.get(earlier.instance.id)
      if (at !== undefined) return at
    }
    return -1
  }
}
