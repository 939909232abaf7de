// Who asks a service over HTTP: a token, or user and password as HTTP's Basic scheme wants them (RFC 7617).
import type { HttpServiceKind, HttpServiceOptions } from './http-service-options.ts'

/** What an adapter's options say of who asks. */
export interface CredentialOptions extends Pick<HttpServiceOptions, 'token'> {
  /** Without a colon. Goes with `password`, in place of a token. @default nobody */
  readonly user?: string | undefined
  /** That of `user`, or what gives the current one; asked before each request. @default none */
  readonly password?: string | (() => string | Promise<string>) | undefined
}

/** The part of a service's options and kind that is about who asks. */
export type Credentials = Pick<HttpServiceOptions, 'token'> & Pick<HttpServiceKind, 'authorization'>

/** `scheme` is that of a token: `Bearer`. Throws a TypeError that names the option, without the values: they are secrets. */
export function checkedCredentials({ token, user, password }: CredentialOptions, scheme: string): Credentials {
  if (token !== undefined && user !== undefined) throw new TypeError('token and user cannot both be given')
  if ((user === undefined) !== (password === undefined)) throw new TypeError('user and password must be given together')
  if (user === undefined) return { token, authorization: (secret) => ({ authorization: `${scheme} ${secret}` }) }
  if (typeof user !== 'string' || !/^[^:\p{Cc}]+$/u.test(user))
    throw new TypeError('user must be a text without a colon and without control characters')
  const pair = (given: unknown) => Buffer.from(`${user}:${checkedPassword(given)}`).toString('base64')
  return {
    token: typeof password === 'function' ? async () => pair(await password()) : pair(password),
    authorization: (secret) => ({ authorization: `Basic ${secret}` }),
  }
}

function checkedPassword(password: unknown): string {
  if (typeof password !== 'string' || /\p{Cc}/u.test(password))
    throw new TypeError('password must be a text without control characters')
  return password
}
