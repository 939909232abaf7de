// SampleWindow: single calls become samples of a window, since a limit that changed with each call would follow noise, and two clock reads a call are dear.
import { checkNumber } from '../primitives/check.ts'
import { type Random, systemRandom } from '../primitives/random.ts'
import type { LimitSample } from './limit-algorithm.ts'

/** How calls are measured. */
export interface SampleWindowOptions {
  /** How long a window is at least, in milliseconds from 10 to 60_000; twice the shortest duration in it, if that is longer, up to ten times this. @default 100 */
  readonly windowMs?: number | undefined
  /** How many measured calls a window has at least, from 1 to 10_000: it goes on until then. @default 10 */
  readonly minSamples?: number | undefined
  /** Which share of a window's calls may be dropped before it counts as dropped, from 0 to 1. @default 0.05 */
  readonly toleratedDropRatio?: number | undefined
  /** @default systemRandom */
  readonly random?: Random | undefined
}

/** How many measured calls in a window are enough; of more calls only every so many is measured. */
const enoughSamples = 64
/** Not rarer than that: when calls become few, the window that is open must still fill. */
const rarest = 16

/** The open window, after WindowedLimit of Netflix' concurrency-limits. */
export class SampleWindow {
  readonly windowMs: number
  readonly minSamples: number
  readonly toleratedDropRatio: number
  readonly #random: Random
  /** Of so many calls one is measured. */
  #stride = 1
  #untilNext = 1
  #calls = 0
  #closesAt = -Infinity
  #count = 0
  #dropped = 0
  #inFlight = 0
  #timed = 0
  #sumMs = 0
  #shortestMs = Infinity
  #lastMeanMs = 0

  /** Throws a RangeError for an option out of its range. */
  constructor({
    windowMs = 100,
    minSamples = 10,
    toleratedDropRatio = 0.05,
    random = systemRandom,
  }: SampleWindowOptions) {
    this.windowMs = checkNumber('windowMs', windowMs, { min: 10, max: 60_000 })
    this.minSamples = checkNumber('minSamples', minSamples, { min: 1, max: 10_000, integer: true })
    this.toleratedDropRatio = checkNumber('toleratedDropRatio', toleratedDropRatio, { min: 0, max: 1 })
    this.#random = random
  }

  /** Whether the call that begins is to be measured. By chance where not all are, so that no rhythm of the calls is met. */
  wants(): boolean {
    this.#calls++
    if (--this.#untilNext > 0) return false
    this.#untilNext = this.#stride === 1 ? 1 : 1 + Math.floor(this.#random() * (2 * this.#stride - 1))
    return true
  }

  /** Takes a measured call in, and gives the sample of the window when that closes it. `at` is when the call ended. */
  add(at: number, durationMs: number, inFlight: number, dropped: boolean): Omit<LimitSample, 'limit'> | undefined {
    if (this.#count === 0 && this.#closesAt < at) this.#closesAt = at + this.windowMs
    this.#count++
    if (inFlight > this.#inFlight) this.#inFlight = inFlight
    if (dropped) this.#dropped++
    // A dropped call would have taken longer than it did: a quick refusal is no good latency.
    if (!dropped || durationMs >= this.#meanMs) {
      this.#timed++
      this.#sumMs += durationMs
      if (durationMs < this.#shortestMs) this.#shortestMs = durationMs
    }
    return at >= this.#closesAt && this.#count >= this.minSamples ? this.#close(at) : undefined
  }

  get #meanMs(): number {
    return this.#timed === 0 ? this.#lastMeanMs : this.#sumMs / this.#timed
  }

  #close(at: number): Omit<LimitSample, 'limit'> {
    const durationMs = this.#meanMs
    const dropped = this.#dropped > this.toleratedDropRatio * this.#count
    const sample = { at, durationMs, count: this.#count, inFlight: this.#inFlight, dropped }
    // Calls that began after the last change must be the most of those in the next window.
    const settledMs = this.#timed === 0 ? 0 : 2 * this.#shortestMs
    this.#closesAt = at + Math.min(10 * this.windowMs, Math.max(this.windowMs, settledMs))
    this.#stride = Math.max(1, Math.min(rarest, Math.floor(this.#calls / enoughSamples)))
    this.#untilNext = Math.min(this.#untilNext, this.#stride)
    this.#lastMeanMs = durationMs
    this.#calls = 0
    this.#count = 0
    this.#dropped = 0
    this.#inFlight = 0
    this.#timed = 0
    this.#sumMs = 0
    this.#shortestMs = Infinity
    return sample
  }
}
