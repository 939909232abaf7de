// Which Consul agent is asked, and as whom.
import {
  type CheckedHttpService,
  checkedHttpService,
  type HttpServiceOptions,
} from '../../platform/http-service-options.ts'

export type { RequesterTls } from '../../platform/http-service-options.ts'

/** Which agent is asked, and as whom. */
export interface ConsulConnectionOptions extends HttpServiceOptions {
  /** Where the agent of this host listens, with a path where it is behind a proxy. The environment is not read. @default http://127.0.0.1:8500 */
  readonly url?: string | undefined
  /**
   * The ACL token, or what gives the current one; asked before each request. To look up it needs `service:read` and `node:read`, to register
   * `service:write`. Without any token a Consul with ACLs may say that there is nothing, rather than that it may not tell. @default none
   */
  readonly token?: string | (() => string | Promise<string>) | undefined
}

/** Throws a TypeError that names the option. */
export function checkedConsul(options: ConsulConnectionOptions): CheckedHttpService {
  return checkedHttpService(options, {
    kind: 'consul',
    defaultUrl: 'http://127.0.0.1:8500',
    authorization: (token) => ({ 'x-consul-token': token }),
  })
}
