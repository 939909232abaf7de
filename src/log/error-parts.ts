// An error as a line of text: its name where that says something, its message, and what it was made of.
import { guarded, isError, isList, keysOf } from './guarded.ts'
import { logLimits, logText } from './log-value.ts'

/** What every error has, read once and bounded. */
export interface ErrorParts {
  readonly name: string
  readonly message: string
  readonly stack: unknown
  readonly cause: unknown
  /** Those of an AggregateError. */
  readonly errors: readonly unknown[] | undefined
}

/** Reads an error, whatever its getters do. */
export function errorParts(error: Error): ErrorParts {
  const errors = guarded(() => (error as { readonly errors?: unknown }).errors)
  return {
    name: guarded(() => logText(String(error.name))),
    message: guarded(() => logText(String(error.message))),
    stack: guarded(() => error.stack),
    cause: guarded(() => error.cause),
    errors: isList(errors) ? errors : undefined,
  }
}

const partNames = ['name', 'message', 'stack', 'cause', 'errors']

/** What else an error has that is neither a list nor an object. */
export function simpleKeys(error: Error): readonly string[] {
  return keysOf(error)
    .slice(0, logLimits.items)
    .filter((key) => {
      if (partNames.includes(key)) return false
      const value = guarded(() => (error as unknown as Record<string, unknown>)[key])
      return value !== undefined && (typeof value !== 'object' || value === null) && typeof value !== 'function'
    })
}

const mostErrors = 3

/** `TypeError: x is no function`, `connect ECONNREFUSED`, `AggregateError (refused; timed out; 2 more)`. */
export function headline({ name, message, errors }: ErrorParts): string {
  const says = name === 'Error' || name === 'ServiceError' || message === '' ? message || name : `${name}: ${message}`
  const made = errors && guarded(() => linesOf(errors))
  return made ? `${says} (${made})` : says
}

function linesOf(errors: readonly unknown[]): string {
  const texts = errors.slice(0, mostErrors).map((error) => (isError(error) ? headlineOf(error) : kindOf(error)))
  if (errors.length > mostErrors) texts.push(`${errors.length - mostErrors} more`)
  return texts.join('; ')
}

/** One line of an error's text and those of its causes, without what stands there already: many errors quote the cause that they were made of. */
export function lineOf(texts: readonly string[]): string {
  const said: string[] = []
  for (const text of texts) {
    const last = said.at(-1)
    if (last !== text && !`${last};`.includes(`: ${text};`)) said.push(text)
  }
  return said.join(': ')
}

/** Without the errors that it was made of in its turn, which might be itself. */
function headlineOf(error: Error): string {
  return headline({ ...errorParts(error), errors: undefined })
}

function kindOf(thrown: unknown): string {
  return typeof thrown === 'string' ? logText(thrown) : `a thrown ${typeof thrown}`
}
