// A length of time that prints itself as Go prints one, so that logs read alike across a mixed fleet.

/** A length of time in milliseconds; as text it is what Go's `time.Duration` prints: `2.455µs`, `1.5s`, `1h0m0s`. */
export class Duration {
  readonly ms: number

  constructor(ms: number) {
    this.ms = ms
  }

  toString(): string {
    return formatDuration(this.ms)
  }

  toJSON(): string {
    return formatDuration(this.ms)
  }

  valueOf(): number {
    return this.ms
  }
}

/** Prints milliseconds as Go prints a duration, with nanoseconds as the smallest unit. Not a number, or endless: `NaN`, `+Inf`, `-Inf`. */
export function formatDuration(ms: number): string {
  if (Number.isNaN(ms)) return 'NaN'
  const sign = ms < 0 ? '-' : ''
  const size = Math.abs(ms)
  if (size === Infinity) return sign === '' ? '+Inf' : '-Inf'
  // Minutes first, since a remainder is exact: years in nanoseconds are more than a number holds.
  const rest = size % 6e4
  const rounded = Math.round(rest * 1e6)
  const nanos = rounded % 6e10
  const minutes = (size - rest) / 6e4 + (rounded === nanos ? 0 : 1)
  const seconds = `${decimal(nanos, 1e9)}s`
  if (minutes === 0) {
    if (nanos === 0) return '0s'
    if (nanos < 1e3) return `${sign}${nanos}ns`
    if (nanos < 1e6) return `${sign}${decimal(nanos, 1e3)}µs`
    if (nanos < 1e9) return `${sign}${decimal(nanos, 1e6)}ms`
    return sign + seconds
  }
  if (minutes < 60) return `${sign}${minutes}m${seconds}`
  return `${sign}${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`
}

/** `value / unit` in digits, exactly: a division in floating point would print 2.4549999. */
function decimal(value: number, unit: number): string {
  const whole = Math.floor(value / unit)
  const rest = value - whole * unit
  if (rest === 0) return String(whole)
  const digits = String(unit + rest)
    .slice(1)
    .replace(/0+$/, '')
  return `${whole}.${digits}`
}
