// BadShare: an estimate of how many instances of a set are bad ones, and of how many to draw so that one is hardly ever chosen.

/** Whoever has more than this times the load of the best one drawn with it is a bad one. */
const badFactor = 4
/** How often all that are drawn may be bad ones. */
const allBadRatio = 0.001
/** How much of the estimate the next pick makes up: it follows within some hundred picks. */
const gain = 1 / 64
const fewest = 2

/**
 * Learns from what is drawn anyway. Where a share s is bad, n draws are all bad with a chance of s^n, so n follows from the estimate. Few draws
 * see too little, as ones that are all bad look all good; but the more there are the more they see, so the estimate climbs by itself
 * to where it should be.
 */
export class BadShare {
  readonly #most: number
  /** At which share one more is drawn, by how many are. */
  readonly #limits: readonly number[]
  #share = 0
  #choices = fewest

  /** Takes how many to draw at most, at least 2. */
  constructor(most: number) {
    this.#most = most
    this.#limits = Array.from({ length: most + 1 }, (_, choices) => allBadRatio ** (1 / choices))
  }

  /** How many to draw. */
  get choices(): number {
    return this.#choices
  }

  /** The estimate, from 0 to 1. */
  get ratio(): number {
    return this.#share
  }

  /** Learns from the first `count` of the loads of one pick, of which `lowest` is the lowest. */
  learn(loads: Float64Array, count: number, lowest: number): void {
    // Beside one that nothing is known of everybody would be a bad one.
    if (lowest === 0 || lowest === Infinity) return
    const limit = lowest * badFactor
    let bad = 0
    for (let at = 0; at < count; at++) if ((loads[at] as number) > limit) bad++
    this.#share += (bad / count - this.#share) * gain
    // One step at a time: the estimate moves more slowly than that.
    if (this.#share > (this.#limits[this.#choices] as number)) {
      if (this.#choices < this.#most) this.#choices++
    } else if (this.#choices > fewest && this.#share <= (this.#limits[this.#choices - 1] as number)) this.#choices--
  }
}
