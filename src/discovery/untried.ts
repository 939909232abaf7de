// untriedFrom: the way around what a call was sent to already, in as many steps as it had attempts.
import type { TriedInstances } from '../core/tried-instances.ts'
import type { PickTrace } from './balancer.ts'
import type { Candidate } from './candidate.ts'

/**
 * Gives the place of the first candidate from `start` on, around the end of the list, that was not tried; `start` where all were. Looks at
 * no more candidates than were tried and one: those that it passes over are all different.
 */
export function untriedFrom<Target>(
  candidates: readonly Candidate<Target>[],
  start: number,
  tried: TriedInstances,
  trace?: PickTrace<Target>,
): number {
  const most = Math.min(candidates.length, tried.ids.length + 1)
  for (let at = start, looked = 0; looked < most; looked++) {
    const candidate = candidates[at] as Candidate<Target>
    if (!tried.has(candidate.instance.id)) return at
    trace?.consider(candidate, undefined, 'tried')
    at = at + 1 === candidates.length ? 0 : at + 1
  }
  return start
}
