// Fields for loggers that are not ours: a copy, because they may keep or change what they are given, with keys that they do not trip over.
import { addMember, type LogFields, type LogValue } from './log-value.ts'

/** What becomes of fields on their way. */
export interface FieldShape {
  /** Keys that mean something else there, which get a `_`. */
  readonly taken: ReadonlySet<string>
  value(value: LogValue): unknown
}

/**
 * Adds a copy of fields to what was made of others. A key that is empty, that is taken, or that every object has, such as `constructor`, gets a `_` at its end:
 * libraries look such keys up in plain objects, and find what they did not look for.
 */
export function addForeignFields(to: Record<string, unknown>, fields: LogFields, shape: FieldShape): void {
  for (const key in fields) {
    const value = fields[key]
    if (value === undefined) continue
    const isOdd = key === '' || key in Object.prototype || shape.taken.has(key)
    addMember(to, isOdd ? `${key}_` : key, shape.value(value))
  }
}
