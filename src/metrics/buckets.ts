// Bounds of histogram buckets: the usual ones, and how to make others.
import { checkNumber } from '../primitives/check.ts'

const mostBuckets = 1_000

/** From half a millisecond to ten seconds, in seconds: for how long calls take. */
export const latencyBuckets: readonly number[] = Object.freeze([
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
])

/** From 64 bytes to 16 MiB, each four times the one before: for the sizes of messages. */
export const sizeBuckets: readonly number[] = Object.freeze(exponentialBuckets(64, 4, 10))

/** `count` bounds, `width` apart. Throws a RangeError for what makes no ascending list. */
export function linearBuckets(start: number, width: number, count: number): number[] {
  checkNumber('start', start, { min: -Number.MAX_VALUE, max: Number.MAX_VALUE })
  checkNumber('width', width, { min: Number.MIN_VALUE, max: Number.MAX_VALUE })
  return listOf(count, (index) => start + index * width)
}

/** `count` bounds, each `factor` times the one before. Throws a RangeError for what makes no ascending list. */
export function exponentialBuckets(start: number, factor: number, count: number): number[] {
  checkNumber('start', start, { min: Number.MIN_VALUE, max: Number.MAX_VALUE })
  // Above 1, by as little as a number can be.
  checkNumber('factor', factor, { min: 1 + Number.EPSILON, max: Number.MAX_VALUE })
  return listOf(count, (index) => start * factor ** index)
}

/** Looks at the bounds of a histogram. Throws a TypeError that says what is wrong with them. */
export function checkBuckets(metric: string, buckets: readonly number[]): Float64Array {
  if (!Array.isArray(buckets) || buckets.length === 0 || buckets.length > mostBuckets)
    throw new TypeError(`metric ${metric}: buckets must be a list of 1 to ${mostBuckets} bounds`)
  // The last bucket has no bound; whoever gives it one means that.
  const bounds = buckets.at(-1) === Infinity ? buckets.slice(0, -1) : buckets
  for (const [index, bound] of bounds.entries()) {
    if (typeof bound !== 'number' || !Number.isFinite(bound) || bound <= (bounds[index - 1] ?? -Infinity))
      throw new TypeError(`metric ${metric}: buckets must be ascending numbers, but ${String(bound)} is at ${index}`)
  }
  return Float64Array.from(bounds)
}

function listOf(count: number, at: (index: number) => number): number[] {
  checkNumber('count', count, { min: 1, max: mostBuckets, integer: true })
  const bounds = Array.from({ length: count }, (_, index) => at(index))
  // What is too small to be seen beside the bound before, or too large for a number.
  const wrong = bounds.findIndex((bound, index) => bound === bounds[index - 1] || bound === Infinity)
  if (wrong !== -1) throw new RangeError(`bounds must ascend, but after ${bounds[wrong - 1]} comes ${bounds[wrong]}`)
  return bounds
}
