// Milliseconds: the unit of StatsD's timers, and what others come to in it.

const perUnit: ReadonlyMap<string, number> = new Map([
  ['nanoseconds', 1e-6],
  ['microseconds', 1e-3],
  ['milliseconds', 1],
  ['seconds', 1e3],
  ['minutes', 60e3],
  ['hours', 3_600e3],
  ['days', 86_400e3],
])

/** How many milliseconds one of a unit of time is; undefined for what is none. */
export function millisecondsPer(unit: string): number | undefined {
  return perUnit.get(unit)
}

/**
 * A duration as text. Between a microsecond and eleven days it is rounded to nanoseconds: digits below them come of the arithmetic, and would be half of
 * the line.
 */
export function millisecondsText(milliseconds: number): string {
  const size = Math.abs(milliseconds)
  return `${size >= 1e-3 && size < 1e9 ? Math.round(milliseconds * 1e6) / 1e6 : milliseconds}`
}
