// random: any instance, each as likely as the others.
import type { Context } from '../core/context.ts'
import { type Random, systemRandom } from '../primitives/random.ts'
import { type Balancer, type PickTrace, triedIn } from './balancer.ts'
import type { Candidate } from './candidate.ts'
import { drawUntried } from './draw-untried.ts'
import { Draws } from './draws.ts'

/** Where chance comes from. */
export interface RandomOptions {
  /** @default systemRandom */
  readonly random?: Random | undefined
}

/**
 * Gives any candidate, each as likely as the others, and minds neither weights nor loads. A trace tells the one that the next pick gives,
 * if nothing changes until then.
 */
export function random<Target = unknown>(options: RandomOptions = {}): Balancer<Target> {
  return new RandomBalancer<Target>(options.random ?? systemRandom)
}

class RandomBalancer<Target> implements Balancer<Target> {
  readonly name = 'random'
  readonly #draws: Draws
  #candidates: readonly Candidate<Target>[] = []

  constructor(source: Random) {
    this.#draws = new Draws(source)
  }

  update(candidates: readonly Candidate<Target>[]): void {
    this.#candidates = candidates
  }

  pick(ctx: Context, trace?: PickTrace<Target>): Candidate<Target> | undefined {
    if (this.#candidates.length === 0) return undefined
    return trace === undefined ? this.#draw(ctx) : this.#draws.peek(() => this.#draw(ctx, trace))
  }

  #draw(ctx: Context, trace?: PickTrace<Target>): Candidate<Target> {
    const candidates = this.#candidates
    const candidate = candidates[drawUntried(candidates, this.#draws, triedIn(ctx), trace)] as Candidate<Target>
    trace?.consider(candidate)
    return candidate
  }
}
