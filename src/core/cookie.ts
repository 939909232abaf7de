// The text of one Set-Cookie header, with attributes that are safe unless a program says otherwise.
import { checkNumber } from '../primitives/check.ts'

/** What a browser is told of a cookie (RFC 6265). */
export interface CookieOptions {
  /** How long the browser keeps it, in milliseconds; whole seconds are sent, and 0 removes it. @default until the browser ends */
  readonly maxAgeMs?: number | undefined
  /** Where it is sent. @default / */
  readonly path?: string | undefined
  /** Which hosts get it. @default this host alone */
  readonly domain?: string | undefined
  /** Whether it is hidden from scripts. @default true */
  readonly httpOnly?: boolean | undefined
  /** Whether it is sent over TLS only. @default true */
  readonly secure?: boolean | undefined
  /** Whether requests from other sites carry it. @default lax */
  readonly sameSite?: 'strict' | 'lax' | 'none' | undefined
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const attribute = /^[ -:<-~]*$/
const sites = { strict: 'Strict', lax: 'Lax', none: 'None' } as const

/**
 * Writes one Set-Cookie header. The value is percent-encoded, so it may be any text. Throws a TypeError or RangeError that
 * names what is wrong.
 */
export function cookieText(name: string, value: string, options?: CookieOptions): string {
  const { maxAgeMs, path = '/', domain, httpOnly = true, secure = true, sameSite = 'lax' } = options ?? {}
  if (!token.test(name)) throw new TypeError(`cookie name ${JSON.stringify(name)} must be a token (RFC 6265, 4.1.1)`)
  if (!attribute.test(path)) throw new TypeError(`path of cookie ${name} must be visible ASCII without a semicolon`)
  if (domain !== undefined && !attribute.test(domain))
    throw new TypeError(`domain of cookie ${name} must be visible ASCII without a semicolon`)
  if (!Object.hasOwn(sites, sameSite))
    throw new TypeError(`sameSite of cookie ${name} must be strict, lax or none, but is ${String(sameSite)}`)
  let text = `${name}=${encodeURIComponent(value.toWellFormed())}; Path=${path}`
  if (maxAgeMs !== undefined) text += `; Max-Age=${Math.floor(checkNumber('maxAgeMs', maxAgeMs, { min: 0 }) / 1000)}`
  if (domain !== undefined) text += `; Domain=${domain}`
  if (httpOnly) text += '; HttpOnly'
  if (secure) text += '; Secure'
  return `${text}; SameSite=${sites[sameSite]}`
}
