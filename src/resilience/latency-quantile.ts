// LatencyQuantile: a quantile of the latest latencies, what a hedge takes for slow.
import { checkNumber } from '../primitives/check.ts'
import { DDSketch } from '../primitives/ddsketch.ts'

/** Which quantile, and of what. */
export interface LatencyQuantileOptions {
  /** From 0 to 1. */
  readonly quantile: number
  /** Over how long, in milliseconds: latencies count for one to two of these. @default 30_000 */
  readonly windowMs?: number | undefined
  /** How many latencies there must be before there is a quantile. @default 100 */
  readonly minSamples?: number | undefined
}

// A quantile hardly moves by one latency, and to find it costs as much as to record fifty.
const recordsPerLook = 50

/** Keeps two sketches, the window that is being filled and the one before it. */
export class LatencyQuantile {
  readonly #quantile: number
  readonly #windowMs: number
  readonly #minSamples: number
  #current = new DDSketch()
  #previous = new DDSketch()
  #endsAt = -Infinity
  #valueMs: number | undefined
  #untilLook = 0

  /** Throws a RangeError for an option out of its range. */
  constructor({ quantile, windowMs = 30_000, minSamples = 100 }: LatencyQuantileOptions) {
    this.#quantile = checkNumber('quantile', quantile, { min: 0, max: 1 })
    this.#windowMs = checkNumber('windowMs', windowMs, { min: 1, max: Number.MAX_SAFE_INTEGER })
    this.#minSamples = checkNumber('minSamples', minSamples, { min: 1, max: 1e9, integer: true })
  }

  /** The quantile in milliseconds, within 1 %; undefined while there are too few latencies. */
  get valueMs(): number | undefined {
    return this.#valueMs
  }

  record(latencyMs: number, now: number): void {
    if (now >= this.#endsAt) this.#turn(now)
    this.#current.record(latencyMs)
    if (--this.#untilLook > 0) return
    this.#untilLook = recordsPerLook
    this.#look()
  }

  #turn(now: number): void {
    const isRecent = now < this.#endsAt + this.#windowMs
    this.#previous = isRecent ? this.#current : new DDSketch()
    this.#current = new DDSketch()
    this.#endsAt = now + this.#windowMs
    this.#untilLook = 0
  }

  #look(): void {
    const count = this.#current.count + this.#previous.count
    if (count < this.#minSamples) {
      // Looked at again as soon as there are enough.
      this.#untilLook = Math.min(recordsPerLook, this.#minSamples - count)
      this.#valueMs = undefined
      return
    }
    const both = new DDSketch()
    both.merge(this.#previous)
    both.merge(this.#current)
    this.#valueMs = both.quantile(this.#quantile)
  }
}
