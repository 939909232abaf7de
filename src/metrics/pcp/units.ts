// Units, as PCP knows them: dimensions of space, time and count, with a scale of each.

/** From PMAPI(3): four bits each for three dimensions, and four for each of their scales, from the highest bit down. */
function units({ space = 0, time = 0, count = 0, spaceScale = 0, timeScale = 0 }): number {
  return ((space << 28) | (time << 24) | (count << 20) | (spaceScale << 16) | (timeScale << 12)) >>> 0
}

/** No dimension at all. */
export const noUnits: number = 0

/** How often something happened. */
export const countUnits: number = units({ count: 1 })

const known: ReadonlyMap<string, number> = new Map([
  ...['nanoseconds', 'microseconds', 'milliseconds', 'seconds', 'minutes', 'hours'].map(
    (unit, timeScale) => [unit, units({ time: 1, timeScale })] as const,
  ),
  ...['bytes', 'kibibytes', 'mebibytes', 'gibibytes', 'tebibytes', 'pebibytes', 'exbibytes'].map(
    (unit, spaceScale) => [unit, units({ space: 1, spaceScale })] as const,
  ),
])

/** The units of a metric; `otherwise` for what is neither of time nor of space. PCP's Kbyte is 1,024 bytes, so that kilobytes are none of its units. */
export function unitsOf(unit: string, otherwise: number): number {
  return known.get(unit) ?? otherwise
}
