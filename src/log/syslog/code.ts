// The numbers of syslog: facilities, severities, and the priority that is made of both.
import type { Level } from '../level.ts'

const facilities = {
  kern: 0,
  user: 1,
  mail: 2,
  daemon: 3,
  auth: 4,
  syslog: 5,
  lpr: 6,
  news: 7,
  uucp: 8,
  cron: 9,
  authpriv: 10,
  ftp: 11,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const

/** What kind of program logs, by which receivers sort. RFC 5424, 6.2.1, with the names that syslog.conf has. */
export type Facility = keyof typeof facilities

/** What RFC 5424, 6.2.1 calls Error, Warning, Informational and Debug. */
const severityCodes: Readonly<Record<Level, number>> = { debug: 7, info: 6, warn: 4, error: 3 }

/** The number of a facility. Throws a TypeError that names all of them. */
export function facilityCode(facility: Facility): number {
  if (typeof facility === 'string' && Object.hasOwn(facilities, facility)) return facilities[facility]
  throw new TypeError(
    `facility must be one of ${Object.keys(facilities).join(', ')}, but is ${JSON.stringify(facility)}`,
  )
}

/** `<14>`: facility and severity of each level. */
export function priorities(facility: Facility): Readonly<Record<Level, string>> {
  const code = facilityCode(facility) * 8
  const text = (level: Level) => `<${code + severityCodes[level]}>`
  return { debug: text('debug'), info: text('info'), warn: text('warn'), error: text('error') }
}
