// Which Eureka servers are asked, and as whom.
import {
  type CheckedHttpService,
  checkedHttpService,
  type HttpServiceOptions,
} from '../../platform/http-service-options.ts'

export type { RequesterTls } from '../../platform/http-service-options.ts'

/** Which servers are asked, and as whom. */
export interface EurekaConnectionOptions extends HttpServiceOptions {
  /** Where the servers of one cluster listen, with their path; one is asked until it fails. The environment is not read. @default http://127.0.0.1:8761/eureka */
  readonly url?: string | readonly string[] | undefined
  /** As whom, where servers ask for a user and a password (HTTP Basic, RFC 7617); without a colon. @default nobody */
  readonly user?: string | undefined
  /** That of `user`, or what gives the current one; asked before each request. @default empty */
  readonly password?: string | (() => string | Promise<string>) | undefined
  /** In place of a user: sent as a bearer token. A function is asked before each request. @default none */
  readonly token?: string | (() => string | Promise<string>) | undefined
}

const kind = { kind: 'eureka', defaultUrl: 'http://127.0.0.1:8761/eureka' }

/** Throws a TypeError that names the option, and never tells the password. */
export function checkedEureka(options: EurekaConnectionOptions): CheckedHttpService {
  const { user, password = '', token, ...rest } = options
  if (user === undefined) {
    if (options.password !== undefined) throw new TypeError('password is nothing without a user')
    return checkedHttpService(options, kind)
  }
  if (token !== undefined) throw new TypeError('token says who asks in place of a user: give one of them')
  if (typeof user !== 'string' || !/^[^:\p{Cc}]+$/u.test(user))
    throw new TypeError('user must be a text without a colon and without control characters')
  const pair = (given: unknown) => Buffer.from(`${user}:${checkedPassword(given)}`).toString('base64')
  return checkedHttpService(
    { ...rest, token: typeof password === 'function' ? async () => pair(await password()) : pair(password) },
    { ...kind, authorization: (credentials) => ({ authorization: `Basic ${credentials}` }) },
  )
}

function checkedPassword(password: unknown): string {
  if (typeof password !== 'string' || /\p{Cc}/u.test(password))
    throw new TypeError('password must be a text without control characters')
  return password
}
