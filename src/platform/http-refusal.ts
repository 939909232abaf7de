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

/** What a service means by a refusal. */
export interface Refusal {
  /** @default what the status means */
  readonly code?: Code | undefined
  /** What it says, in its words. @default the body */
  readonly text?: string | undefined
  /** What to look at. @default `token` where who asks may not */
  readonly hint?: string | undefined
}

/** Reads what a service means by a status and a body, of which this is the beginning; undefined where it is no word of its own. */
export type ReadRefusal = (status: number, body: string) => Refusal | undefined

/** The error of a reply that is no success. `token` is never told, nor is `password`, which was in the request. */
export function httpRefusal(
  name: string,
  status: number,
  body: Uint8Array,
  token: string | undefined,
  read?: ReadRefusal,
  password?: string,
): ServiceError {
  const whole = new TextDecoder().decode(body.subarray(0, shownBytes))
  const { text = whole, hint = status === 401 || status === 403 ? 'token' : '', code } = read?.(status, whole) ?? {}
  // Not all that answers is what it should be: a proxy may send back what it was sent.
  const withoutToken = withoutSecret(text, token, '(token)', body.length)
  const safe = withoutSecret(withoutToken, password, '(password)', body.length).replace(/\s+/g, ' ').trim()
  const said = safe.length > shownCharacters ? `${safe.slice(0, shownCharacters)}…` : safe
  const meant = code ?? codes[status] ?? (status >= 500 ? 'unavailable' : 'unknown')
  const end = `${said === '' ? '' : `: ${said}`}${hint === '' ? '' : ` (${hint})`}`
  return new ServiceError(meant, `${name} answered ${status}${end}`)
}

/** As it is, and as JSON has it. The end of what was cut may be the beginning of a secret. */
function withoutSecret(text: string, secret: string | undefined, word: string, ofBytes: number): string {
  if (!secret) return text
  const asJson = JSON.stringify(secret).slice(1, -1)
  const safe = text.replaceAll(asJson, word).replaceAll(secret, word)
  return ofBytes < shownBytes ? safe : safe.slice(0, -asJson.length)
}
