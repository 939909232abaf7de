// Draws: chance for balancers, which a trace may look at beforehand without using it up.
import type { Random } from '../primitives/random.ts'

/** Draws by turns for calls and for traces: what a trace has seen, the next call draws again. */
export class Draws {
  readonly #random: Random
  /** What traces have seen and calls have not, the next one first. */
  readonly #seen: number[] = []
  /** How many of those the trace of this moment has had; -1 while there is none. */
  #had = -1
  /** Whether draws can go past all that. */
  #direct = true

  constructor(random: Random) {
    this.#random = random
  }

  /** Draws a number below `count`, which is at least 1; each is as likely as the others. */
  below(count: number): number {
    // Stays below even for the largest number below 1: their product rounds down to a multiple of a step that is no larger than what is missing.
    return Math.floor((this.#direct ? this.#random() : this.#next()) * count)
  }

  /** Gives what `look` returns, which may draw: none of that is used up. */
  peek<T>(look: () => T): T {
    this.#had = 0
    this.#direct = false
    try {
      return look()
    } finally {
      this.#had = -1
      this.#direct = this.#seen.length === 0
    }
  }

  #next(): number {
    if (this.#had >= 0) {
      const drawn = this.#seen[this.#had] ?? this.#random()
      this.#seen[this.#had++] = drawn
      return drawn
    }
    const drawn = this.#seen.shift() as number
    this.#direct = this.#seen.length === 0
    return drawn
  }
}
