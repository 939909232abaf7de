// InFlightSum: how many calls all candidates together have in flight, without a look at each of them for each call.
import type { Candidate } from './candidate.ts'

/** Candidates that each call looks at again. */
const looksPerCall = 4

/**
 * The numbers change behind its back, so it keeps what it saw last of each and the sum of that. Each call looks at the next four in turn, and
 * whoever looks at one for another reason has it noted: the sum is exact for up to four, and of a set of n no number in it is older than n / 4
 * calls. One that has piled up calls meanwhile is therefore noticed at the latest when it is about to get one more.
 */
export class InFlightSum {
  #candidates: readonly Candidate[] = []
  #seen = new Float64Array(0)
  #sum = 0
  #next = 0

  /** Looks at all of them. */
  update(candidates: readonly Candidate[]): void {
    this.#candidates = candidates
    this.#seen = new Float64Array(candidates.length)
    this.#sum = 0
    this.#next = 0
    for (let at = 0; at < candidates.length; at++) this.look(at)
  }

  get sum(): number {
    return this.#sum
  }

  /** Gives how many one of them has, and notes it. */
  look(at: number): number {
    const { inFlight } = this.#candidates[at] as Candidate
    this.#sum += inFlight - (this.#seen[at] as number)
    this.#seen[at] = inFlight
    return inFlight
  }

  /** Looks at the next few. */
  advance(): void {
    const { length } = this.#candidates
    for (let looks = Math.min(looksPerCall, length); looks > 0; looks--) {
      this.look(this.#next)
      this.#next = this.#next + 1 === length ? 0 : this.#next + 1
    }
  }
}
