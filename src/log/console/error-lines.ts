// Errors for people: the stack, what else the error says of itself, and the same for its causes.
import type { LogValue } from '../log-value.ts'
import { keyText, linesOf, valueText } from './text.ts'

/** The details of a LoggedError, or of one of its causes. */
type Details = { readonly [key: string]: LogValue }

/** An error on lines of its own, the first of which begins with the label. */
export function errorLines(label: string, { name, message, stack, cause, errors, ...others }: Details): string[] {
  const title = `${name}: ${message}`
  // A stack begins with the message as it was when the error was made.
  const isTitled = String(stack).split('\n    at ', 1)[0]?.includes(String(message))
  const text = typeof stack !== 'string' ? title : isTitled ? stack : `${title}\n${stack}`
  const lines = [...linesOf(`${label}: ${text}`)]
  const pairs = Object.entries(others).map(([key, value]) => `${keyText(key)}=${valueText(value)}`)
  if (pairs.length > 0) lines.push(`    ${pairs.join(' ')}`)
  if (cause !== undefined) lines.push(...linesFor('cause', cause))
  if (Array.isArray(errors)) {
    for (const [i, error] of errors.entries()) lines.push(...linesFor(`errors[${i}]`, error).map((line) => `  ${line}`))
  }
  return lines
}

function linesFor(label: string, value: LogValue): string[] {
  return isDetails(value) ? errorLines(label, value) : [`${label}: ${valueText(value)}`]
}

function isDetails(value: LogValue): value is Details {
  return typeof value === 'object' && value !== null && 'name' in value && 'message' in value
}
