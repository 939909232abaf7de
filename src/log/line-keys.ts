// The keys of what every record has, which the formats of lines have in common.

/** Under which keys a line says what every record has. */
export interface LineKeys {
  /** Of the time, RFC 3339 in UTC; false leaves it out. @default 'ts' */
  readonly timeKey?: string | false | undefined
  /** Of the level; false leaves it out. @default 'level' */
  readonly levelKey?: string | false | undefined
  /** Of the message; it is left out where it is empty. @default 'msg' */
  readonly messageKey?: string | undefined
}

/** The keys that are in use, with their defaults. Throws a TypeError for one that is no text, is empty, or is there twice. */
export function lineKeys(options: LineKeys | undefined): {
  readonly time: string | undefined
  readonly level: string | undefined
  readonly message: string
} {
  const { timeKey = 'ts', levelKey = 'level', messageKey = 'msg' } = options ?? {}
  const time = timeKey === false ? undefined : checkKey('timeKey', timeKey)
  const level = levelKey === false ? undefined : checkKey('levelKey', levelKey)
  const message = checkKey('messageKey', messageKey)
  const used = [time, level, message].filter((key) => key !== undefined)
  if (new Set(used).size < used.length)
    throw new TypeError(`timeKey, levelKey and messageKey must differ, but are ${used.join(', ')}`)
  return { time, level, message }
}

function checkKey(option: string, key: unknown): string {
  if (typeof key === 'string' && key !== '') return key
  const legal = `a text that is not empty${option === 'messageKey' ? '' : ', or false'}`
  throw new TypeError(`${option} must be ${legal}, but is ${typeof key === 'string' ? "''" : `a ${typeof key}`}`)
}
