// Fields as attributes of OpenTelemetry, which hold lists and objects as they are.
import { addForeignFields, type FieldShape } from '../add-foreign-fields.ts'
import { type LogFields, LoggedError, type LogValue } from '../log-value.ts'
import type { OtelAttributes, OtelValue } from './logger.ts'

/**
 * Adds fields to attributes. The error under `errorKey` is `exception.type`, `exception.message` and `exception.stacktrace`, as the semantic conventions for
 * exceptions in logs have it; others are objects.
 */
export function addAttributes(to: OtelAttributes, fields: LogFields, errorKey: string | false): void {
  const error = errorKey === false ? undefined : fields[errorKey]
  if (!(error instanceof LoggedError)) {
    addForeignFields(to, fields, shape)
    return
  }
  const { [errorKey as string]: _error, ...others } = fields
  addForeignFields(to, others, shape)
  const { name, message } = error.details
  to['exception.type'] = String(name)
  to['exception.message'] = String(message)
  to['exception.stacktrace'] = stackOf(error.details)
}

const shape: FieldShape = { taken: new Set(), value }

function value(given: LogValue): OtelValue {
  const shown = given instanceof LoggedError ? given.details : given
  // Safe values are what OpenTelemetry takes, but for types that say that they do not change.
  return isTaken(shown) ? (shown as OtelValue) : JSON.stringify(shown)
}

/** Whether the SDK takes it whole: for no plain object it takes one with a `constructor`, and of one with a `__proto__` it makes another. */
function isTaken(given: LogValue): boolean {
  if (typeof given !== 'object' || given === null || given instanceof Uint8Array) return true
  if (Array.isArray(given)) return given.every(isTaken)
  if (Object.hasOwn(given, 'constructor') || Object.hasOwn(given, '__proto__')) return false
  return Object.values(given).every(isTaken)
}

/** The stack of an error, and those of its causes, as Node prints what nobody caught. */
function stackOf(details: LoggedError['details']): string {
  const { name, message, stack, cause } = details
  const own = typeof stack === 'string' ? stack : `${String(name)}: ${String(message)}`
  if (cause === undefined) return own
  const isError = typeof cause === 'object' && cause !== null && 'message' in cause
  return `${own}\nCaused by: ${isError ? stackOf(cause as LoggedError['details']) : JSON.stringify(cause)}`
}
