// Share: what one instance of a weighted set has had of its calls, and the slot of the next one.
import type { Keyed } from '../primitives/keyed-heap.ts'
import type { Candidate } from './candidate.ts'

/** Times are those of a set in which a weight of w has w calls in each unit of time. */
export class Share<Target> implements Keyed {
  readonly candidate: Candidate<Target>
  readonly rank: number
  /** As it was when the set was told of. */
  readonly weight: number
  /** What it is ordered by at the moment: the start of its slot until that has begun, then the end. */
  key: number
  /** The end of the slot of its next call. */
  endsAt: number
  readonly #firstAt: number
  #had = 0

  /** Takes how many calls it is owed, or had too early, from an earlier set. */
  constructor(candidate: Candidate<Target>, rank: number, owed: number) {
    this.candidate = candidate
    this.rank = rank
    this.weight = candidate.weight
    this.#firstAt = (0 - owed) / this.weight
    this.key = this.#firstAt
    this.endsAt = this.#firstAt + 1 / this.weight
  }

  /** The start of the slot of its next call. */
  get startsAt(): number {
    return this.#firstAt + this.#had / this.weight
  }

  /** A call was sent there: on to the next slot, which has not begun. */
  next(): void {
    // Counted and not added up: after a million calls the sum of as many fractions would be off.
    this.#had++
    this.key = this.startsAt
    this.endsAt = this.#firstAt + (this.#had + 1) / this.weight
  }
}
