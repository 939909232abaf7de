// Levels of logs: four of them, and what each is for.

/** From what only a developer wants to see to what somebody must look at. */
export type Level = 'debug' | 'info' | 'warn' | 'error'

/** A level is as severe as its number; `off` is above them all. */
export const severities: Readonly<Record<Level | 'off', number>> = Object.freeze({
  debug: 10,
  info: 20,
  warn: 30,
  error: 40,
  off: Infinity,
})

/** Whether a value is the name of a level, or `off`. */
export function isLevel(value: unknown): value is Level | 'off' {
  return typeof value === 'string' && Object.hasOwn(severities, value)
}

/** Reads a level as a person types it, in an environment variable say. Throws a TypeError that names the option and the levels. */
export function checkLevel(option: string, value: unknown): Level | 'off' {
  const level = typeof value === 'string' ? value.trim().toLowerCase() : value
  if (isLevel(level)) return level
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : `a value of type ${typeof value}`
  throw new TypeError(`${option} must be one of ${Object.keys(severities).join(', ')}, but is ${shown}`)
}
