// Secrets that stand beside their names and not under them: lists of a name and its value, and raw headers.
import { guarded, isList } from './guarded.ts'
import { logLimits } from './log-value.ts'
import type { Redactor } from './redact.ts'

/** An item of a list; of a pair of a name and a value, as lists of entries have them, only what may be shown. */
export function shownPair(item: unknown, redactor: Redactor | undefined): unknown {
  if (redactor === undefined || !isList(item) || lengthOf(item) !== 2) return item
  const name = guarded(() => item[0])
  return typeof name === 'string' && redactor.hides(name) ? [name, redactor.censor] : item
}

/** The value of a key; of raw headers, which have names and values in turn, only what may be shown. */
export function shownHeaders(key: string, value: unknown, redactor: Redactor | undefined): unknown {
  if (redactor === undefined || !isList(value) || !/headers$/i.test(key)) return value
  const shown: unknown[] = []
  const length = lengthOf(value)
  for (let i = 0; i < Math.min(length, logLimits.items); i++) {
    const name = i % 2 === 1 ? shown[i - 1] : undefined
    shown.push(typeof name === 'string' && redactor.hides(name) ? redactor.censor : guarded(() => value[i]))
  }
  shown.length = length
  return shown
}

/** A list in a proxy may say that it has any length, or throw. */
function lengthOf(list: readonly unknown[]): number {
  const length = guarded(() => list.length)
  return typeof length === 'number' && length >= 0 && length < 2 ** 32 ? Math.floor(length) : 0
}
