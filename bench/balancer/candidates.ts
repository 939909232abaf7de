// Instances as balancers see them in the middle of their work: all do well, and some have calls in flight.
import type { Candidate } from 'servicekit/discovery/candidate'
import type { Instance } from 'servicekit/discovery/instance'

/** How long a failed call counts as. */
const penaltyMs = 1_000
/** Within this time the load of one that nobody calls falls to 37 %. */
const fadeMs = 10_000

/** With its numbers in the one object, and its load worked out when that is asked for. */
class BusyCandidate implements Candidate<string> {
  readonly instance: Instance
  readonly target: string
  readonly weight: number
  readonly joinedAt = 0
  readonly healthy = true
  readonly inFlight: number
  readonly latencyMs: number
  readonly successRatio: number = 1
  readonly #usedAt: number

  constructor(at: number) {
    const id = `i${String(at).padStart(5, '0')}`
    this.instance = { id, address: `${id}:80` }
    this.target = id
    this.weight = 1 + (at % 3)
    this.inFlight = at % 7 === 0 ? 1 : 0
    this.latencyMs = 10 + (at % 5)
    this.#usedAt = performance.now()
  }

  loadAt(now: number): number {
    const idleMs = now - this.#usedAt
    const faded = idleMs > 0 ? Math.exp(-idleMs / fadeMs) : 1
    const costMs = this.latencyMs + (1 - this.successRatio) * penaltyMs
    return (costMs * faded * (this.inFlight + 1)) / this.weight
  }
}

/** A set of that size, in its order. */
export function busyCandidates(count: number): readonly Candidate<string>[] {
  return Array.from({ length: count }, (_, at) => new BusyCandidate(at))
}
