// twoChoices: of two instances by chance the one with fewer calls in flight.
import { type Random, systemRandom } from '../primitives/random.ts'
import type { Balancer } from './balancer.ts'
import { LowestScore } from './lowest-score.ts'
import { occupancy } from './occupancy.ts'

/** Where chance comes from. */
export interface TwoChoicesOptions {
  /** @default systemRandom */
  readonly random?: Random | undefined
}

/**
 * Draws two different candidates and gives the one with fewer calls in flight by weight, either where they have as many; so the busiest one of n
 * has about log log n calls more than the others, where one draw makes that log n / log log n (Mitzenmacher, "The Power of Two
 * Choices in Randomized Load Balancing", 2001). What weighs nothing gets none while another one is left.
 *
 * A trace tells the two that the next pick chooses from, if nothing changes until then.
 */
export function twoChoices<Target = unknown>(options: TwoChoicesOptions = {}): Balancer<Target> {
  return new LowestScore<Target>({
    name: 'two_choices',
    random: options.random ?? systemRandom,
    scanUpTo: 1,
    choices: 2,
    score: occupancy,
    timed: false,
  })
}
