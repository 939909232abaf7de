// Which etcd is asked, as whom, and under which path instances are.
import {
  type CheckedHttpService,
  checkedHttpService,
  type HttpServiceOptions,
} from '../../platform/http-service-options.ts'
import { Credentials } from './credentials.ts'
import { checkPath, defaultPath } from './keys.ts'
import { readRefusal } from './refusal.ts'

export type { RequesterTls } from '../../platform/http-service-options.ts'

/** Which etcd is asked, and as whom. */
export interface EtcdConnectionOptions extends Omit<HttpServiceOptions, 'token'> {
  /** Where clients come to the members of one cluster; one is asked at a time, another one when that fails. The environment is not read. @default http://127.0.0.1:2379 */
  readonly url?: string | readonly string[] | undefined
  /** The user, where etcd asks for one: to look up it needs to read `<path>/<service>/`, to register to write there too. Goes with `password`. @default none */
  readonly user?: string | undefined
  /** The password, or what gives the current one; asked whenever etcd wants to know again who asks. @default none */
  readonly password?: string | (() => string | Promise<string>) | undefined
  /** What the keys begin with: instances of a service are at `<path>/<service>/<anything>`. @default /services */
  readonly path?: string | undefined
}

/** The form of these options. */
export interface CheckedEtcd {
  readonly service: CheckedHttpService
  /** Undefined without a user. */
  readonly credentials: Credentials | undefined
  /** Without a slash at its end. */
  readonly path: string
}

/** Throws a TypeError that names the option. */
export function checkedEtcd(options: EtcdConnectionOptions): CheckedEtcd {
  const { user, password, path = defaultPath } = options
  if ((user === undefined) !== (password === undefined)) throw new TypeError('user and password must be given together')
  const service = checkedHttpService(
    { ...options, token: undefined },
    {
      kind: 'etcd',
      defaultUrl: 'http://127.0.0.1:2379',
      authorization: (token) => ({ authorization: token }),
      refusal: readRefusal,
    },
  )
  const credentials =
    user === undefined || password === undefined
      ? undefined
      : new Credentials(checkUser(user), checkPassword(password), service.clock)
  return { service, credentials, path: checkPath(path) }
}

function checkUser(user: unknown): string {
  if (typeof user === 'string' && user !== '') return user
  throw new TypeError('user must be a text')
}

function checkPassword(password: unknown): () => string | Promise<string> {
  if (typeof password === 'string') return () => password
  if (typeof password === 'function') return password as () => string | Promise<string>
  throw new TypeError('password must be a text or a function')
}
