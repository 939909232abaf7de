// The intervals of a run, and what is counted in them: in memory that grows with time and not with calls.

const roundingRatio = 1e-6

/** A run is cut into intervals; the last one may be shorter. */
export class Timeline {
  /** A moment of the clock. */
  readonly fromAt: number
  /** The moment at which the run ends; what happens then is of the next one. */
  readonly untilAt: number
  readonly intervalMs: number
  /** How many intervals there are. */
  readonly length: number

  constructor(fromAt: number, untilAt: number, intervalMs: number) {
    this.fromAt = fromAt
    this.untilAt = untilAt
    this.intervalMs = intervalMs
    // Moments are rounded: what is above a whole number by less than that is no interval more.
    this.length = Math.max(1, Math.ceil((untilAt - fromAt) / intervalMs - roundingRatio))
  }

  /** The interval that a moment of the run lies in, from 0. */
  indexAt(at: number): number {
    // A moment just before the end may be rounded up to it.
    return Math.min(Math.floor((at - this.fromAt) / this.intervalMs), this.length - 1)
  }

  /** The moment at which an interval ends. */
  endOf(index: number): number {
    return index >= this.length - 1 ? this.untilAt : this.fromAt + (index + 1) * this.intervalMs
  }
}

/** How often something happened. */
export class Counts {
  readonly #timeline: Timeline
  readonly #intervals: Float64Array
  #total = 0

  constructor(timeline: Timeline) {
    this.#timeline = timeline
    this.#intervals = new Float64Array(timeline.length)
  }

  get total(): number {
    return this.#total
  }

  /** One count for each interval. */
  get intervals(): number[] {
    return [...this.#intervals]
  }

  add(at: number): void {
    this.#total++
    const index = this.#timeline.indexAt(at)
    this.#intervals[index] = (this.#intervals[index] as number) + 1
  }
}

/** How much of something there is over time: slots in use, calls that wait. */
export class Level {
  readonly #timeline: Timeline
  readonly #areas: Float64Array
  #value: number
  #lastAt: number
  #index = 0

  constructor(timeline: Timeline, value: number) {
    this.#timeline = timeline
    this.#areas = new Float64Array(timeline.length)
    this.#value = value
    this.#lastAt = timeline.fromAt
  }

  /** How much there is now. */
  get value(): number {
    return this.#value
  }

  /** The mean of the whole run. */
  get mean(): number {
    this.#moveTo(this.#timeline.untilAt)
    const { fromAt, untilAt } = this.#timeline
    return this.#areas.reduce((sum, area) => sum + area, 0) / (untilAt - fromAt)
  }

  /** The mean of each interval. */
  get intervals(): number[] {
    this.#moveTo(this.#timeline.untilAt)
    const timeline = this.#timeline
    return Array.from(this.#areas, (area, i) => area / (timeline.endOf(i) - timeline.endOf(i - 1)))
  }

  change(by: number, at: number): void {
    this.#moveTo(at)
    this.#value += by
  }

  #moveTo(moment: number): void {
    // Between two runs nothing is counted.
    const at = Math.min(moment, this.#timeline.untilAt)
    for (;;) {
      const endAt = Math.min(at, this.#timeline.endOf(this.#index))
      this.#areas[this.#index] = (this.#areas[this.#index] as number) + this.#value * (endAt - this.#lastAt)
      this.#lastAt = endAt
      if (endAt === at) return
      this.#index++
    }
  }
}
