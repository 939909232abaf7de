// Looks at what strangers made: getters, traps and conversions may throw, and what they throw may be no better.
import { logLimits, logText } from './log-value.ts'

/** What a look gives, or a text that says what it threw. */
export function guarded<T>(look: () => T): T | string {
  try {
    return look()
  } catch (thrown) {
    return threw(thrown)
  }
}

/** A text that stands for a value which could not be had. */
export function threw(thrown: unknown): string {
  try {
    return `[threw: ${logText(String(isError(thrown) ? thrown.message : thrown))}]`
  } catch {
    return '[threw something that cannot be printed]'
  }
}

/** Whether it is an error, of this realm or of another. */
export function isError(value: unknown): value is Error {
  if (typeof value !== 'object' || value === null) return false
  try {
    return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
  } catch {
    return false
  }
}

/** Whether it is a list. */
export function isList(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

/** The names of what an object has itself and shows; none when it does not say. */
export function keysOf(value: object): readonly string[] {
  try {
    return Object.keys(value)
  } catch {
    return []
  }
}

/** As many as are logged of what is iterated. */
export function firstOf(items: Iterable<unknown>): readonly unknown[] {
  const first: unknown[] = []
  for (const item of items) {
    if (first.push(item) === logLimits.items) break
  }
  return first
}

/** Whether it gives values by name and lists them all, and is no iterator, which would be used up. */
export function isMapLike(value: object): value is Iterable<unknown> {
  const { get, next, [Symbol.iterator]: iterator } = value as Record<PropertyKey, unknown>
  return typeof get === 'function' && typeof iterator === 'function' && typeof next !== 'function'
}
