// Our levels by the names that a logger of winston has for them: those of npm, of syslog, of its command line, or the user's own.
import type { Level } from '../level.ts'

/** The first that is there is taken. */
const usual: Readonly<Record<Level, readonly string[]>> = {
  error: ['error', 'err', 'crit', 'critical', 'fatal'],
  warn: ['warn', 'warning'],
  info: ['info', 'notice'],
  debug: ['debug', 'verbose'],
}

const fromMostSevere = ['error', 'warn', 'info', 'debug'] as const

/**
 * The names of levels: those that are given, else the usual ones, else that of the next more severe of our levels, so that nothing is hidden that should be seen.
 * Throws a TypeError for a name that the logger does not have, and where it has none for errors.
 */
export function levelNames(
  levels: object,
  given: Partial<Readonly<Record<Level, string>>> = {},
): Record<Level, string> {
  const known = Object.keys(levels)
  const names: Partial<Record<Level, string>> = {}
  let above: string | undefined
  for (const level of fromMostSevere) {
    const name = given[level] ?? usual[level].find((each) => known.includes(each)) ?? above
    if (name === undefined || !known.includes(name))
      throw new TypeError(
        `levels.${level} must be a level of the logger, one of ${known.join(', ')}, but ${name === undefined ? 'none is given' : `is ${JSON.stringify(name)}`}`,
      )
    names[level] = name
    above = name
  }
  return names as Record<Level, string>
}
