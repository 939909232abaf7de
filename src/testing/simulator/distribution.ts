// How long things take, by chance: functions that draw milliseconds from a Random that is handed in.
import { checkNumber } from '../../primitives/check.ts'
import type { Random } from '../../primitives/random.ts'
import { normalQuantile } from './normal-quantile.ts'

/** Draws a duration in milliseconds. Any function will do that gives a number from 0 on. */
export type Distribution = (random: Random) => number

const anyMs = { min: 0, max: Number.MAX_SAFE_INTEGER }

/** Always the same. */
export function constant(ms: number): Distribution {
  checkNumber('ms', ms, anyMs)
  return () => ms
}

/** Evenly spread from `minMs` to `maxMs`. */
export function uniform({ minMs, maxMs }: { readonly minMs: number; readonly maxMs: number }): Distribution {
  checkNumber('minMs', minMs, anyMs)
  checkNumber('maxMs', maxMs, { ...anyMs, min: minMs })
  return (random) => minMs + (maxMs - minMs) * random()
}

/** What has no memory: gaps between arrivals that know nothing of each other, and the service times of an M/M/c queue. */
export function exponential({ meanMs }: { readonly meanMs: number }): Distribution {
  checkNumber('meanMs', meanMs, anyMs)
  return (random) => -meanMs * Math.log(1 - random())
}

/** The usual form of latencies: its logarithm is normal. `sigma` is how far it spreads: 0 not at all, 0.5 gives a p99 of 3.2 medians, 1 of 10. */
export function logNormal({ medianMs, sigma }: { readonly medianMs: number; readonly sigma: number }): Distribution {
  checkNumber('medianMs', medianMs, anyMs)
  checkNumber('sigma', sigma, { min: 0, max: 10 })
  return (random) => medianMs * Math.exp(sigma * normalQuantile(random()))
}

/** One part of a mixture. */
export interface MixturePart {
  /** How often it is drawn, beside the weights of the others; above 0. */
  readonly weight: number
  /** What is drawn then; a number is that many milliseconds. */
  readonly of: Distribution | number
}

/** One of several: a cache that mostly hits, requests of two kinds. Throws a TypeError when there are no parts. */
export function mixture(parts: readonly MixturePart[]): Distribution {
  const drawn = parts.map(({ weight, of }) => ({
    weight: checkNumber('weight', weight, { min: Number.MIN_VALUE, max: Number.MAX_SAFE_INTEGER }),
    of: distributionOf('of', of),
  }))
  const last = drawn.at(-1)
  if (last === undefined) throw new TypeError('a mixture must have at least one part')
  const total = drawn.reduce((sum, { weight }) => sum + weight, 0)
  return (random) => {
    let left = total * random()
    const part = drawn.find(({ weight }) => {
      left -= weight
      return left < 0
    })
    return (part ?? last).of(random)
  }
}

/** As another distribution, but for a share of `ratio` that takes `factor` times as long: 1 % of calls 100 times slower, say. */
export function slowTail(
  of: Distribution | number,
  { ratio, factor }: { readonly ratio: number; readonly factor: number },
): Distribution {
  const usual = distributionOf('of', of)
  checkNumber('ratio', ratio, { min: 0, max: 1 })
  checkNumber('factor', factor, anyMs)
  return (random) => usual(random) * (random() < ratio ? factor : 1)
}

/** The distribution that an option holds, a number being a constant. Throws a TypeError or RangeError, which names the option. */
export function distributionOf(option: string, given: Distribution | number): Distribution {
  if (typeof given === 'function') return given
  checkNumber(option, given, anyMs)
  return () => given
}
