// The average of recent samples, each weighing less the older it is, in two numbers and for samples at any interval.

import { checkNumber } from './check.ts'

/** How fast an Ewma forgets. */
export interface EwmaOptions {
  /** After this long without change an old average has lost all but 1/e, 37 %, of its weight; above 0. */
  readonly decayMs: number
}

/**
 * Averages samples with weights that decay exponentially with time. A sample stands for the time since the one before it:
 * with w = exp(-elapsed / decayMs) the average becomes w × average + (1 - w) × sample, which is the EMA operator with
 * next-point interpolation of Zumbach and Müller, "Operators on inhomogeneous time series" (2001), and what Finagle's
 * PeakEwma does with samples below its peak. So of two samples at one instant only the first counts.
 *
 * Times are milliseconds of a clock; one that goes back counts as standing still. Samples must be finite. Throws a
 * RangeError for a `decayMs` that is not positive and finite.
 */
export class Ewma {
  readonly #decayMs: number
  #value = 0
  // Infinitely long ago: the first sample gets all the weight.
  #sampledAt = -Infinity

  constructor(options: EwmaOptions) {
    this.#decayMs = checkNumber('decayMs', options.decayMs, { min: Number.MIN_VALUE, max: Number.MAX_SAFE_INTEGER })
  }

  /** The average at the last sample; 0 before the first. */
  get value(): number {
    return this.#value
  }

  /** Takes a sample of `nowMs` into the average. */
  add(sample: number, nowMs: number): void {
    const weight = this.#weightAt(nowMs)
    this.#value = this.#value * weight + sample * (1 - weight)
    if (nowMs > this.#sampledAt) this.#sampledAt = nowMs
  }

  /**
   * Returns the average as if a sample of 0 came at `nowMs`, and changes nothing: so the load of a peer that nobody asks
   * any more fades, until it is asked again. 0 before the first sample.
   */
  valueAt(nowMs: number): number {
    return this.#value * this.#weightAt(nowMs)
  }

  /** Forgets every sample. */
  reset(): void {
    this.#value = 0
    this.#sampledAt = -Infinity
  }

  #weightAt(nowMs: number): number {
    const elapsedMs = nowMs - this.#sampledAt
    return elapsedMs > 0 ? Math.exp(-elapsedMs / this.#decayMs) : 1
  }
}
