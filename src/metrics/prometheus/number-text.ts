// How numbers are written: both formats read the same values, but OpenMetrics has one way to write those that name a series.

/** A value of a sample. */
export function numberText(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}

/**
 * A number in a label, as OpenMetrics wants it (its section "Canonical Numbers"): a series must not get another name because
 * somebody else wrote `1` for `1.0`. From a million on, and below a ten-thousandth, it has an exponent of two digits.
 */
export function canonicalText(value: number): string {
  if (value === 0) return '0.0'
  if (!Number.isFinite(value)) return numberText(value)
  const [digits = '', exponent = ''] = value.toExponential().split('e')
  const power = Number(exponent)
  if (power >= -4 && power < 6) return Number.isInteger(value) ? `${value}.0` : String(value)
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}
