// The balancers that are compared, each made anew for a run; and one that knows what nobody can know.
import type { Balancer } from 'servicekit/discovery/balancer'
import type { Candidate } from 'servicekit/discovery/candidate'
import { hashRing } from 'servicekit/discovery/hash-ring'
import { leastLoaded } from 'servicekit/discovery/least-loaded'
import { peakEwma } from 'servicekit/discovery/peak-ewma'
import { random } from 'servicekit/discovery/random'
import { roundRobin } from 'servicekit/discovery/round-robin'
import { twoChoices } from 'servicekit/discovery/two-choices'
import { weighted } from 'servicekit/discovery/weighted'

/** What a run hands to the balancer that it makes. */
export interface BalancerMaking {
  readonly random: () => number
  /** The ids of the slow instances, for who may know. */
  readonly slow: ReadonlySet<string>
}

/** Makes a balancer. */
export type BalancerOf = (making: BalancerMaking) => Balancer

/** By the names of their rows. */
export const balancers: Readonly<Record<string, BalancerOf>> = {
  'peak-ewma': ({ random }) => peakEwma({ random }),
  'least-loaded': ({ random }) => leastLoaded({ random }),
  'two-choices': ({ random }) => twoChoices({ random }),
  'hash-ring': ({ random }) => hashRing({ random }),
  'round-robin': () => roundRobin(),
  random: ({ random: chance }) => random({ random: chance }),
  weighted: ({ random }) => weighted({ random }),
}

/** Never calls a slow one, and of the others the one with the fewest calls in flight. */
export const oracle: BalancerOf = ({ slow }) => new Oracle(slow)

class Oracle implements Balancer {
  readonly name = 'oracle'
  readonly #slow: ReadonlySet<string>
  #fast: readonly Candidate[] = []
  #turn = 0

  constructor(slow: ReadonlySet<string>) {
    this.#slow = slow
  }

  update(candidates: readonly Candidate[]): void {
    this.#fast = candidates.filter(({ instance }) => !this.#slow.has(instance.id))
  }

  pick(): Candidate | undefined {
    const fast = this.#fast
    let best: Candidate | undefined
    for (let step = 0; step < fast.length; step++) {
      const candidate = fast[(this.#turn + step) % fast.length]
      if (candidate !== undefined && (best === undefined || candidate.inFlight < best.inFlight)) best = candidate
    }
    this.#turn++
    return best
  }
}
