// What the refusals of a service over HTTP mean, in its own words as far as they may be told.
import type { Code } from '../core/codes.ts'
import { ServiceError } from '../core/errors.ts'

const codes: Readonly<Record<number, Code>> = {
  400: 'invalid_argument',
  401: 'unauthenticated',
  403: 'permission_denied',
  404: 'not_found',
  409: 'aborted',
  410: 'out_of_range',
  422: 'invalid_argument',
  429: 'resource_exhausted',
}
const shownCharacters = 200

/** How much of a body is looked at, in bytes. */
export const shownBytes = 4_096

/** The error of a reply that is no success. `token` is never told. */
export function httpRefusal(name: string, status: number, body: Uint8Array, token: string | undefined): ServiceError {
  const whole = new TextDecoder().decode(body.subarray(0, shownBytes))
  // Not all that answers is what it should be: a proxy may send back what it was sent, and the end of what is looked at may be but the beginning of a token.
  const open = token ? whole.replaceAll(token, '(token)') : whole
  const safe = token && body.length >= shownBytes ? open.slice(0, -token.length) : open
  const text = safe.replace(/\s+/g, ' ').trim()
  const said = text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text
  const hint = status === 401 || status === 403 ? ' (token)' : ''
  const code = codes[status] ?? (status >= 500 ? 'unavailable' : 'unknown')
  return new ServiceError(code, `${name} answered ${status}${said === '' ? '' : `: ${said}`}${hint}`)
}
