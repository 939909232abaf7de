// drawUntried: a candidate by chance, and another one for a call that was sent there already.
import type { TriedInstances } from '../core/tried-instances.ts'
import type { PickTrace } from './balancer.ts'
import type { Candidate } from './candidate.ts'
import type { Draws } from './draws.ts'
import { untriedFrom } from './untried.ts'

/** Draws of which all came out wrong: by then nearly all of a set was tried, or chance has it in for us. */
const mostDraws = 8

/**
 * Gives the place of a candidate that was not tried, each as likely as the others but for one case in thousands; of any where all were tried. The
 * list is not empty.
 */
export function drawUntried<Target>(
  candidates: readonly Candidate<Target>[],
  draws: Draws,
  tried: TriedInstances | undefined,
  trace?: PickTrace<Target>,
): number {
  let at = draws.below(candidates.length)
  if (tried === undefined) return at
  for (let drawn = 1; drawn < mostDraws; drawn++) {
    if (!tried.has((candidates[at] as Candidate<Target>).instance.id)) return at
    at = draws.below(candidates.length)
  }
  return untriedFrom(candidates, at, tried, trace)
}
