// Which Eureka servers are asked, and as whom.
import { type CredentialOptions, checkedCredentials } from '../../platform/credentials.ts'
import {
  type CheckedHttpService,
  checkedHttpService,
  type HttpServiceOptions,
} from '../../platform/http-service-options.ts'

export type { RequesterTls } from '../../platform/http-service-options.ts'

/** Which servers are asked, and as whom. */
export interface EurekaConnectionOptions extends HttpServiceOptions, CredentialOptions {
  /** Where the servers of one cluster listen, with their path; one is asked until it fails. The environment is not read. @default http://127.0.0.1:8761/eureka */
  readonly url?: string | readonly string[] | undefined
  /** In place of a user: goes as `Authorization: Bearer`; asked for before each request where it is a function. @default none */
  readonly token?: HttpServiceOptions['token']
}

/** Throws a TypeError that names the option, and never tells the password. */
export function checkedEureka(options: EurekaConnectionOptions): CheckedHttpService {
  const { url, tls, clock } = options
  const { token, authorization } = checkedCredentials(options, 'Bearer')
  return checkedHttpService(
    { url, token, tls, clock },
    { kind: 'eureka', defaultUrl: 'http://127.0.0.1:8761/eureka', authorization },
  )
}
