// leastLoaded: the instance with the fewest calls in flight.
import { checkNumber } from '../primitives/check.ts'
import { type Random, systemRandom } from '../primitives/random.ts'
import type { Balancer } from './balancer.ts'
import { LowestScore } from './lowest-score.ts'
import { occupancy } from './occupancy.ts'

/** How many candidates are looked at. */
export interface LeastLoadedOptions {
  /** Up to how many candidates are all looked at, from 1 to 100_000: the choice is exact, and takes some nanoseconds for each. @default 64 */
  readonly scanUpTo?: number | undefined
  /** How many are drawn from a set above that, from 2 to 64. @default 5 */
  readonly choices?: number | undefined
  /** @default systemRandom */
  readonly random?: Random | undefined
}

/**
 * Gives the candidate with the fewest calls in flight by weight, and those that have as few by turns. Of a set above `scanUpTo` it gives the best
 * one of `choices` that are drawn, which is nearly as good: an order of all would have to follow each call that ends. What weighs
 * nothing gets none while another one is left. Throws a RangeError or TypeError for an option out of its range.
 */
export function leastLoaded<Target = unknown>(options: LeastLoadedOptions = {}): Balancer<Target> {
  return new LowestScore<Target>({
    name: 'least_loaded',
    random: options.random ?? systemRandom,
    scanUpTo: checkNumber('scanUpTo', options.scanUpTo ?? 64, { min: 1, max: 100_000, integer: true }),
    choices: checkNumber('choices', options.choices ?? 5, { min: 2, max: 64, integer: true }),
    score: occupancy,
    timed: false,
  })
}
