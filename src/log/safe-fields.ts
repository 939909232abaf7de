// The fields of a record, from what a program gave: the same object where nothing in it needs to be changed, as with nearly all records.
import { guarded, isError, isList } from './guarded.ts'
import { addMember, type LogFields, type LogValue, logLimits } from './log-value.ts'
import type { Redactor } from './redact.ts'
import { ValueWalk } from './value-walk.ts'

/**
 * What a program logs beside its message: any values. A function is called for each record, and what it gives is logged; those that
 * were bound come after all else that was.
 */
export type Fields = { readonly [key: string]: unknown }

/** Fields, or what makes them: it is called only if the record is written, for those that are dear to make. */
export type GivenFields = Fields | (() => Fields) | undefined

const { stringChars, valueChars, recordChars } = logLimits

/** Makes safe fields of whatever was given; never throws. */
export function safeFields(fields: Fields, redactor: Redactor | undefined): LogFields {
  return plainChars(fields, redactor) >= 0
    ? (fields as LogFields)
    : walkedFields(fields, new ValueWalk(redactor, recordChars))
}

/** How much room fields take, in characters; -1 where they are not safe as they are, or not obviously. */
export function plainChars(fields: Fields, redactor: Redactor | undefined): number {
  let chars = 0
  try {
    // An error has no fields to be listed, and a list has none with names: nor have bytes, of which there may be millions.
    if (typeof fields !== 'object' || fields === null || fields instanceof Error) return -1
    if (Array.isArray(fields) || ArrayBuffer.isView(fields)) return -1
    for (const key in fields) {
      const value = fields[key]
      if (typeof value === 'string') chars += value.length
      else if (typeof value !== 'number' && typeof value !== 'boolean' && value !== undefined && value !== null)
        return -1
      chars += key.length + valueChars
      // So little that no limit can have been passed.
      if (chars > stringChars || redactor?.concerns(key)) return -1
    }
  } catch {
    return -1
  }
  return chars
}

// Values may log something themselves when they are looked at, and the values of that something, for ever.
const deepest = 2
let depth = 0

/** Makes safe fields by looking at each value; never throws. */
export function walkedFields(fields: Fields, walk: ValueWalk): LogFields {
  if (depth === deepest) return { '…': 'logged by a value that is being logged' }
  depth++
  try {
    return walked(fields, walk)
  } finally {
    depth--
  }
}

function walked(given: Fields, walk: ValueWalk): LogFields {
  const safe: Record<string, LogValue> = {}
  const fields = asFields(given)
  const keys = guarded(() => Object.keys(fields))
  if (typeof keys === 'string') return { '…': keys }
  let count = 0
  for (const key of keys) {
    if (walk.left <= 0) break
    count++
    addMember(
      safe,
      walk.key(key),
      walk.field(key, () => evaluated(fields[key])),
    )
  }
  if (keys.length > count) safe['…'] = `${keys.length - count} more`
  return safe
}

/** Programs without types give anything: a mistake should not lose what it was about. */
export function asFields(given: unknown): Fields {
  if (isError(given)) return { error: given }
  const isOne = typeof given !== 'object' || given === null || isList(given) || ArrayBuffer.isView(given)
  return isOne ? { value: given } : (given as Fields)
}

function evaluated(value: unknown): unknown {
  if (typeof value !== 'function') return value
  const given: unknown = value()
  // It is not waited for, so nobody else would hear of its failure, and it would end the process.
  if (given instanceof Promise) given.catch(() => {})
  return given
}
