// The times of points, which make them what they are: a point of the same series and time as another one takes its place.
import type { Random } from '../../primitives/random.ts'

/** What a moment of the wall clock leaves open. */
const perMillisecond = 1_000_000

/**
 * Gives times that nobody else gives: below the millisecond they go up by one from a number that is drawn, so that neither two sendings within one
 * millisecond nor two processes with the same tags take each other's points away.
 */
export class Nanoseconds {
  #below: number

  constructor(random: Random) {
    this.#below = Math.floor(random() * perMillisecond)
  }

  /** Nanoseconds since the epoch as text, of a moment in milliseconds: no number could hold them. */
  at(wallMs: number): string {
    this.#below = (this.#below + 1) % perMillisecond
    return `${Math.floor(wallMs)}${String(this.#below).padStart(6, '0')}`
  }
}
