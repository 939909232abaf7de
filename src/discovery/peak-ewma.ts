// peakEwma: the instance where one more call costs least, by how long calls take there and how many are in flight.
import { checkNumber } from '../primitives/check.ts'
import { type Random, systemRandom } from '../primitives/random.ts'
import { BadShare } from './bad-share.ts'
import type { Balancer } from './balancer.ts'
import type { Candidate } from './candidate.ts'
import { LowestScore } from './lowest-score.ts'

/** How many candidates are looked at. */
export interface PeakEwmaOptions {
  /** Up to how many candidates are all looked at, from 1 to 100_000. @default 8 */
  readonly scanUpTo?: number | undefined
  /** How many are drawn from a set above that at most, from 2 to 64; 2 are drawn while few instances are bad ones. @default 16 */
  readonly maxChoices?: number | undefined
  /** @default systemRandom */
  readonly random?: Random | undefined
}

/**
 * Gives the candidate with the lowest load (`Candidate.loadAt`): all of a small set are looked at, of a large one two that are drawn, as Finagle's and
 * Linkerd's P2C with Peak EWMA do. Two are too few where many instances are bad: with half of them slow, a quarter of the pairs has no good one. So
 * more are drawn the more of what is drawn has over four times the load of the best, until about one pick in a thousand has no choice
 * but a bad one.
 *
 * A new instance gets one call, and the next one when that was answered, unless all are new. What weighs nothing gets none while another one is
 * left. Throws a RangeError or TypeError for an option out of its range.
 */
export function peakEwma<Target = unknown>(options: PeakEwmaOptions = {}): Balancer<Target> {
  return new LowestScore<Target>({
    name: 'peak_ewma',
    random: options.random ?? systemRandom,
    scanUpTo: checkNumber('scanUpTo', options.scanUpTo ?? 8, { min: 1, max: 100_000, integer: true }),
    choices: new BadShare(checkNumber('maxChoices', options.maxChoices ?? 16, { min: 2, max: 64, integer: true })),
    score,
    timed: true,
  })
}

function score(candidate: Candidate, now: number): number {
  return candidate.loadAt(now)
}
