// Refuses options that make no sense, in one place so that every refusal reads the same.

/** What a numeric option may be: both bounds are legal values. */
export interface NumberLimits {
  readonly min: number
  /** Leaving it out, or Infinity, makes Infinity a legal value; any finite bound forbids it. @default Infinity */
  readonly max?: number | undefined
  /** Refuses fractions. Infinity, where it is legal, still passes: it means "no limit". @default false */
  readonly integer?: boolean | undefined
}

/**
 * Returns `value` when it is within `limits`. Throws a RangeError that names the option, the legal range and the value
 * otherwise, for NaN too, and a TypeError when it is no number at all: `'5'` is refused, not converted.
 */
export function checkNumber(option: string, value: number, limits: NumberLimits): number {
  const { min, max = Infinity, integer = false } = limits
  if (typeof value !== 'number') throw new TypeError(refusal(option, value, limits))
  // Written so that NaN, for which every comparison is false, is refused.
  if (value >= min && value <= max && (!integer || Number.isInteger(value) || value === Infinity)) return value
  throw new RangeError(refusal(option, value, limits))
}

/** Returns `value` when it is one of the legal ones. Throws a TypeError that names the option, these and the value otherwise. */
export function checkOneOf<const T>(option: string, value: T, legal: readonly T[]): T {
  if (legal.includes(value)) return value
  throw new TypeError(`${option} must be one of ${legal.join(', ')}, but is ${printed(value)}`)
}

/** As plain data for a snapshot: undefined for Infinity, which JSON has not. */
export function finite(value: number): number | undefined {
  return value === Infinity ? undefined : value
}

function refusal(option: string, value: unknown, { min, max = Infinity, integer = false }: NumberLimits): string {
  const range = min === Number.MIN_VALUE ? `above 0, at most ${max}` : `from ${min} to ${max}`
  return `${option} must be ${integer ? 'an integer' : 'a number'} ${range}, but is ${printed(value)}`
}

const LONGEST = 40

/** Runs no code of the value (`toString`, `toJSON`), which might throw and hide the mistake being reported. */
function printed(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, LONGEST)) : String(value)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}
