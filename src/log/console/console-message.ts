// What was given to a method of the console, as a message and fields: formatted as the console does, with errors as errors.
import { format, inspect } from 'node:util'
import { errorParts, headline } from '../error-parts.ts'
import { guarded, isError } from '../guarded.ts'
import type { Fields } from '../logger.ts'

/** A message, and the first error that was given. */
export interface ConsoleMessage {
  readonly message: string
  readonly fields: Fields | undefined
}

/** Formats arguments as `util.format` does, `%s` and its kin among them. Errors are one line within the message, and the first one is the field `error`. Never throws. */
export function consoleMessage(args: readonly unknown[]): ConsoleMessage {
  const error = args.find(isError)
  const shown = error === undefined ? args : args.map((arg) => (isError(arg) ? inOneLine(arg) : arg))
  return { message: guarded(() => format(...shown)), fields: error === undefined ? undefined : { error } }
}

/** What `util.format` prints as the line that an error comes to, without its stack. */
function inOneLine(error: Error): unknown {
  const line = headline(errorParts(error))
  return { [inspect.custom]: () => line, toString: () => line }
}
