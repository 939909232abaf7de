// gradient2: a limit that follows the ratio of the long-run latency to the present one.
import { checkNumber } from '../primitives/check.ts'
import { isLimitHalfUsed, type LimitAlgorithm, type LimitSample } from './limit-algorithm.ts'

/** How much latency is tolerated, and how fast the limit and its baseline move. */
export interface Gradient2Options {
  /** How many calls may queue behind the limit while latency is good: what the limit grows by, before smoothing. From 1 to 1_000. @default 4 */
  readonly queueSize?: number | undefined
  /** How many times its long-run average latency may be before the limit shrinks, from 1 to 10. Below that it is noise. @default 1.5 */
  readonly tolerance?: number | undefined
  /** How much of each new estimate the limit takes on, from 0.01 to 1. @default 0.2 */
  readonly smoothingRatio?: number | undefined
  /** How long it takes the long-run average to take on 63 % of a change, in milliseconds from 1_000 on. @default 300_000 */
  readonly baselineMs?: number | undefined
}

/** The long-run average is a plain one of so many windows first, so that the first of them does not stand for minutes. */
const warmUpWindows = 10
/** No window may take more than half of the limit: it could be an outlier. */
const steepest = 0.5

/**
 * Gradient2Limit of Netflix' concurrency-limits: with gradient = tolerance × long-run latency / latency, kept within 0.5 and 1, the
 * limit tends to gradient × limit + queueSize, by `smoothingRatio` a window. It suits latencies that differ between calls and drift by the
 * hour. Two things are ours: the long-run average decays with time instead of windows (their 600 windows of a second are about
 * 300 s), and a window whose calls were dropped counts as the steepest gradient, since what was refused is no latency. As with theirs,
 * an overload that lasts as long as `baselineMs` becomes the baseline, and is tolerated then.
 *
 * Throws a RangeError for an option out of its range.
 */
export function gradient2(options: Gradient2Options = {}): LimitAlgorithm {
  return new Gradient2(options)
}

class Gradient2 implements LimitAlgorithm {
  readonly name = 'gradient2'
  readonly #queueSize: number
  readonly #tolerance: number
  readonly #smoothingRatio: number
  readonly #baselineMs: number
  #longMs = 0
  #shortMs = 0
  #gradient = 1
  #windows = 0
  #sampledAt = 0

  constructor({ queueSize = 4, tolerance = 1.5, smoothingRatio = 0.2, baselineMs = 300_000 }: Gradient2Options) {
    this.#queueSize = checkNumber('queueSize', queueSize, { min: 1, max: 1_000 })
    this.#tolerance = checkNumber('tolerance', tolerance, { min: 1, max: 10 })
    this.#smoothingRatio = checkNumber('smoothingRatio', smoothingRatio, { min: 0.01, max: 1 })
    this.#baselineMs = checkNumber('baselineMs', baselineMs, { min: 1_000, max: Number.MAX_SAFE_INTEGER })
  }

  update(sample: LimitSample): number {
    const { limit, durationMs, dropped } = sample
    this.#learn(sample)
    if (!dropped && !isLimitHalfUsed(sample)) return limit
    const slope = durationMs > 0 ? (this.#tolerance * this.#longMs) / durationMs : 1
    this.#gradient = dropped ? steepest : Math.max(steepest, Math.min(1, slope))
    const target = this.#gradient * limit + this.#queueSize
    return limit + (target - limit) * this.#smoothingRatio
  }

  snapshot(): Readonly<Record<string, unknown>> {
    return { gradient: this.#gradient, durationMs: this.#shortMs, baselineMs: this.#longMs }
  }

  #learn({ at, durationMs }: LimitSample): void {
    const elapsedMs = Math.max(0, at - this.#sampledAt)
    const share = ++this.#windows <= warmUpWindows ? 1 / this.#windows : 1 - Math.exp(-elapsedMs / this.#baselineMs)
    this.#sampledAt = at
    this.#shortMs = durationMs
    this.#longMs += (durationMs - this.#longMs) * share
    // After a long overload the average would take minutes to come down, and would tolerate the next one all that time.
    if (this.#longMs > 2 * durationMs) this.#longMs *= 0.9
  }
}
