// Which service over HTTP is asked, and as whom: the options that its adapters share, and their checks.
import { type Clock, systemClock } from '../core/clock.ts'
import type { ReadRefusal } from './http-refusal.ts'
import { checkTls, type RequesterTls } from './requester-options.ts'

export type { RequesterTls } from './requester-options.ts'

/** What all adapters of services over HTTP can be told. */
export interface HttpServiceOptions {
  /** Where it listens, like `http://host:port`, with a path where it is behind a proxy; several are asked in turn when one fails. The environment is not read. */
  readonly url?: string | readonly string[] | undefined
  /** What proves who asks, or what gives the current one; asked before each request. @default none */
  readonly token?: string | (() => string | Promise<string>) | undefined
  /** For URLs with `https:`. @default what the runtime trusts */
  readonly tls?: RequesterTls | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}

/** What an adapter says of its service. */
export interface HttpServiceKind {
  /** As it is named in errors: `consul`. */
  readonly kind: string
  /** Where it listens when nothing else is said. */
  readonly defaultUrl: string
  /** The headers that carry a token. @default `authorization: Bearer <token>` */
  readonly authorization?: ((token: string) => Readonly<Record<string, string>>) | undefined
  /** What its refusals mean, where that is not said by status and text. @default by these */
  readonly refusal?: ReadRefusal | undefined
}

/** The form of a service's options. */
export interface CheckedHttpService {
  readonly kind: string
  /** At least one, each without a slash at its end. */
  readonly urls: readonly string[]
  /** `consul at http://127.0.0.1:8500`. */
  readonly name: string
  readonly token: () => string | undefined | Promise<string>
  readonly authorization: (token: string) => Readonly<Record<string, string>>
  readonly refusal: ReadRefusal | undefined
  /** Which of the servers is asked: one state for all that asks with these options, so that nobody begins anew with one that failed. */
  readonly turn: { at: number }
  readonly tls: RequesterTls | undefined
  readonly clock: Clock
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Throws a TypeError that names the option. */
export function checkedHttpService(options: HttpServiceOptions, service: HttpServiceKind): CheckedHttpService {
  const { kind, defaultUrl, authorization = bearer, refusal } = service
  const { url = defaultUrl, token, tls, clock = systemClock } = options
  const given: readonly unknown[] = Array.isArray(url) ? url : [url]
  if (given.length === 0) throw new TypeError('url must name one server at least')
  const urls = given.map(checkedUrl)
  if (tls !== undefined) checkTls(tls)
  if (typeof token === 'string') checkToken(token)
  else if (token !== undefined && typeof token !== 'function') throw new TypeError('token must be a text or a function')
  const tokenOf = typeof token === 'function' ? token : () => token
  const name = `${kind} at ${urls.join(', ')}`
  return { kind, urls, name, token: tokenOf, authorization, refusal, turn: { at: 0 }, tls, clock }
}

/** Throws a TypeError, without the value: it is a secret. */
export function checkToken(token: unknown): string {
  if (typeof token !== 'string' || !/^[\x21-\x7e]*$/.test(token))
    throw new TypeError('token must be a text without spaces')
  return token
}

function checkedUrl(text: unknown): string {
  const url = typeof text === 'string' ? URL.parse(text) : null
  const isBase = url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === ''
  if (!isBase) throw new TypeError(`url must be like http://host:port, but is ${shown(text)}`)
  // It would be shown wherever the service is named.
  if (url.username !== '' || url.password !== '') throw new TypeError('url must have no user and no password')
  return url.href.replace(/\/+$/, '')
}

/** Without what may be a user and a password. */
function shown(text: unknown): string {
  return typeof text === 'string' ? JSON.stringify(text.replace(/^.*@/s, '…@')) : String(text)
}
