// vegas: a limit that keeps a few calls in the queue of whatever is called, estimated from the latency without a queue.
import { checkNumber } from '../primitives/check.ts'
import { type Random, systemRandom } from '../primitives/random.ts'
import { isLimitHalfUsed, type LimitAlgorithm, type LimitSample } from './limit-algorithm.ts'

/** How long a queue Vegas wants, and how often it looks whether the latency without one has changed. */
export interface VegasOptions {
  /** The limit grows while fewer calls than this are queued; times the digits of the limit less one. From 1 to 1_000. @default 3 */
  readonly alpha?: number | undefined
  /** The limit shrinks while more calls than this are queued, as above; not below `alpha`. @default 6 */
  readonly beta?: number | undefined
  /** How long a latency without a queue is believed, in milliseconds from 1_000 on; half of that at least, by chance. @default 30_000 */
  readonly probeMs?: number | undefined
  /** @default systemRandom */
  readonly random?: Random | undefined
}

/**
 * VegasLimit of Netflix' concurrency-limits, after TCP Vegas (Brakmo and Peterson, 1994): of the limit, limit × (1 - latency without
 * a queue / latency) calls are queued. None: the limit grows by `beta`; fewer than `alpha`: by 1; more than `beta`, or calls
 * were dropped: it shrinks by 1; each times the limit's digits less one, at least once. It keeps latency low where that hardly differs between calls.
 *
 * The latency without a queue is the least there was. Theirs takes the present one anew from time to time, queue and all; here, as in BBR
 * (Cardwell et al., ACM Queue 2016), half of the limit drains the queue first, for two windows, where more than that half is in use.
 * Throws a RangeError for an option out of its range.
 */
export function vegas(options: VegasOptions = {}): LimitAlgorithm {
  return new Vegas(options)
}

/** Learning, or a look at the latency without a queue: one window for the queue to drain, one to measure. */
type Phase = { readonly is: 'learning' } | { readonly is: 'draining' | 'measuring'; readonly limitBefore: number }

const learning: Phase = { is: 'learning' }

class Vegas implements LimitAlgorithm {
  readonly name = 'vegas'
  readonly #alpha: number
  readonly #beta: number
  readonly #probeMs: number
  readonly #random: Random
  #phase: Phase = learning
  #leastMs = Infinity
  #probeAt = -Infinity
  #queued = 0

  constructor({ alpha = 3, beta = 6, probeMs = 30_000, random = systemRandom }: VegasOptions) {
    this.#alpha = checkNumber('alpha', alpha, { min: 1, max: 1_000 })
    this.#beta = checkNumber('beta', beta, { min: this.#alpha, max: 1_000 })
    this.#probeMs = checkNumber('probeMs', probeMs, { min: 1_000, max: Number.MAX_SAFE_INTEGER })
    this.#random = random
  }

  update(sample: LimitSample): number {
    const { at, durationMs, limit } = sample
    const phase = this.#phase
    if (phase.is === 'draining') {
      this.#phase = { is: 'measuring', limitBefore: phase.limitBefore }
      return limit
    }
    if (phase.is === 'measuring') {
      this.#believe(durationMs, at)
      this.#phase = learning
      return phase.limitBefore
    }
    if (this.#leastMs === Infinity) {
      this.#believe(durationMs, at)
    } else if (at >= this.#probeAt) {
      if (isLimitHalfUsed(sample)) {
        this.#phase = { is: 'draining', limitBefore: limit }
        return limit / 2
      }
      this.#believe(durationMs, at)
    }
    this.#leastMs = Math.min(this.#leastMs, durationMs)
    return this.#learned(sample)
  }

  snapshot(): Readonly<Record<string, unknown>> {
    const leastMs = this.#leastMs === Infinity ? undefined : this.#leastMs
    return { phase: this.#phase.is, queued: this.#queued, leastMs }
  }

  #learned(sample: LimitSample): number {
    const { limit, durationMs, dropped } = sample
    const step = Math.max(1, Math.floor(Math.log10(limit)))
    this.#queued = durationMs > 0 ? Math.ceil(limit * (1 - this.#leastMs / durationMs)) : 0
    if (dropped) return limit - step
    if (!isLimitHalfUsed(sample)) return limit
    if (this.#queued <= step) return limit + this.#beta * step
    if (this.#queued < this.#alpha * step) return limit + step
    return this.#queued > this.#beta * step ? limit - step : limit
  }

  #believe(durationMs: number, at: number): void {
    this.#leastMs = durationMs
    this.#probeAt = at + this.#probeMs * (0.5 + 0.5 * this.#random())
  }
}
