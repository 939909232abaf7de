// Reads what was asked for: the path in its segments and the query, with nothing in it that a handler could misread.
import { ServiceError } from '../../core/errors.ts'

/** Path and query of a request, still encoded. */
export interface Target {
  readonly path: string
  /** Without the question mark; empty when there is none. */
  readonly query: string
}

/** Splits a request target. One in absolute form (RFC 9112, 3.2.2) loses scheme and host. */
export function splitTarget(target: string): Target {
  let rest = target
  if (!target.startsWith('/')) {
    const authority = /^https?:\/\/[^/?#]*/i.exec(target)
    if (authority !== null) rest = target.slice(authority[0].length)
    if (!rest.startsWith('/')) rest = authority === null ? rest : `/${rest}`
  }
  const hash = rest.indexOf('#')
  if (hash >= 0) rest = rest.slice(0, hash)
  const mark = rest.indexOf('?')
  return mark < 0 ? { path: rest, query: '' } : { path: rest.slice(0, mark), query: rest.slice(mark + 1) }
}

/**
 * Decodes one segment of a path. Throws `invalid_argument` when it is not percent-encoded UTF-8, when it hides a NUL, and for
 * `.` and `..`: whoever resolves them sees another path than the one that was routed.
 */
export function decodeSegment(segment: string): string {
  const decoded = segment.includes('%') ? decode(segment, 'path') : segment
  if (decoded === '.' || decoded === '..')
    throw new ServiceError('invalid_argument', 'the path has a segment that is . or ..')
  return decoded
}

/** Reads the parameters of a query, in order. Throws `invalid_argument` for what cannot be decoded. */
export function queryOf(query: string): [name: string, value: string][] {
  if (query === '') return []
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=')
      const name = equals < 0 ? pair : pair.slice(0, equals)
      const value = equals < 0 ? '' : pair.slice(equals + 1)
      return [decodeForm(name), decodeForm(value)]
    })
}

function decodeForm(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  return spaced.includes('%') ? decode(spaced, 'query') : spaced
}

function decode(text: string, where: string): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(text)
  } catch (thrown) {
    const message = `the ${where} is not percent-encoded UTF-8`
    throw new ServiceError('invalid_argument', message, { cause: thrown })
  }
  if (decoded.includes('\0')) throw new ServiceError('invalid_argument', `the ${where} contains NUL`)
  return decoded
}
