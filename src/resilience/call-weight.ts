// callWeight: for how many calls one counts, as its user's function says.
import type { Context } from '../core/context.ts'
import { checkNumber } from '../primitives/check.ts'

/** Gives a number from 0 on, 1 without a function. Throws what the function throws, and a TypeError or RangeError for what is no weight. */
export function callWeight(
  weight: ((request: unknown, ctx: Context) => number) | undefined,
  request: unknown,
  ctx: Context,
): number {
  return weight === undefined ? 1 : checkNumber('weight', weight(request, ctx), { min: 0, max: Number.MAX_VALUE })
}
