// aimd: a limit that grows by one and shrinks by a share, as TCP's window does; it looks at what fails, and at latency only beyond a threshold.
import { checkNumber } from '../primitives/check.ts'
import { isLimitHalfUsed, type LimitAlgorithm, type LimitSample } from './limit-algorithm.ts'

/** How fast AIMD backs off, and when. */
export interface AimdOptions {
  /** What is left of the limit after a window with drops, from 0.5 to 0.99. @default 0.9 */
  readonly backoffRatio?: number | undefined
  /** An average duration above this counts as a drop; in milliseconds, above 0. @default 5_000 */
  readonly timeoutMs?: number | undefined
}

/**
 * Additive increase, multiplicative decrease (Chiu and Jain, 1989; AIMDLimit of Netflix' concurrency-limits): a window whose calls
 * were dropped, or took longer than `timeoutMs`, leaves `backoffRatio` of the limit, and at least one less; any other one adds 1, if the
 * limit was half used. For what fails when it has too much to do, but does not get slower. Throws a RangeError for an option out of its range.
 */
export function aimd(options: AimdOptions = {}): LimitAlgorithm {
  const backoffRatio = checkNumber('backoffRatio', options.backoffRatio ?? 0.9, { min: 0.5, max: 0.99 })
  const timeoutMs = checkNumber('timeoutMs', options.timeoutMs ?? 5_000, { min: Number.MIN_VALUE, max: 2 ** 31 })
  let backoffs = 0
  return {
    name: 'aimd',
    update(sample: LimitSample): number {
      const { limit, dropped, durationMs } = sample
      if (dropped || durationMs > timeoutMs) {
        backoffs++
        return Math.min(limit - 1, limit * backoffRatio)
      }
      return isLimitHalfUsed(sample) ? limit + 1 : limit
    },
    snapshot: () => ({ backoffRatio, timeoutMs, backoffs }),
  }
}
