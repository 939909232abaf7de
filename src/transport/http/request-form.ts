// Where a client puts the members of a request: parameters of the path, the query, and the body.
import { ServiceError } from '../../core/errors.ts'
import type { HttpRoute } from '../../core/routes.ts'

/** A request as it is sent. */
export interface FormedRequest {
  /** With the query. */
  readonly path: string
  readonly body: string | undefined
}

/** Makes the form of requests for one route below a base path. What it gives throws `invalid_argument` for a request that does not fit the route. */
export function requestForm(route: HttpRoute, base: string): (request: unknown) => FormedRequest {
  const { method, path, body: declared } = route
  const hasBody = declared ?? (method !== 'GET' && method !== 'DELETE')
  const segments = path.split('/').slice(1)
  const names = segments.filter((segment) => segment.startsWith(':')).map((segment) => segment.slice(1))
  const whole = `${base}${path}`
  if (names.length === 0 && hasBody) return (request) => ({ path: whole, body: textOf(request) })
  return (request) => {
    const members = membersOf(request)
    const filled = segments.map((segment) =>
      segment.startsWith(':') ? parameterOf(members, segment.slice(1)) : segment,
    )
    const at = `${base}/${filled.join('/')}`
    const rest = Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)))
    if (hasBody) return { path: at, body: textOf(rest) }
    const query = queryText(rest)
    return { path: query === '' ? at : `${at}?${query}`, body: undefined }
  }
}

function textOf(request: unknown): string | undefined {
  try {
    return JSON.stringify(request)
  } catch (thrown) {
    throw new ServiceError('invalid_argument', 'the request could not be encoded', { cause: thrown })
  }
}

function membersOf(request: unknown): Readonly<Record<string, unknown>> {
  if (request === undefined) return {}
  if (typeof request === 'object' && request !== null && !Array.isArray(request))
    return request as Readonly<Record<string, unknown>>
  throw unfit('the request must be an object: its route puts its members into the path or the query')
}

function parameterOf(members: Readonly<Record<string, unknown>>, name: string): string {
  const text = Object.hasOwn(members, name) ? scalarText(name, members[name]) : ''
  // A path with such a segment would be another one by the time it arrives.
  if (text === '' || text === '.' || text === '..')
    throw unfit(`the member ${name} is a part of the path: it must not be missing, empty, . or ..`)
  return encodeURIComponent(text)
}

function queryText(members: Readonly<Record<string, unknown>>): string {
  const pairs: string[] = []
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined || value === null) continue
    for (const item of Array.isArray(value) ? value : [value])
      pairs.push(`${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(scalarText(name, item))}`)
  }
  return pairs.join('&')
}

function scalarText(name: string, value: unknown): string {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString()
  throw unfit(`the member ${name} must be text, a number, a boolean or a date: it goes into the path or the query`)
}

function unfit(message: string): ServiceError {
  return new ServiceError('invalid_argument', message)
}
