// What the backend for Pushgateway can be told, and what of it makes no sense.
import { type CredentialOptions, checkedCredentials } from '../../platform/credentials.ts'
import {
  type CheckedHttpService,
  checkedHttpService,
  type HttpServiceOptions,
} from '../../platform/http-service-options.ts'
import { checkOneOf } from '../../primitives/check.ts'
import type { Prometheus } from '../prometheus/prometheus.ts'
import type { PushedOptions } from '../pushed-metrics.ts'
import { groupPath } from './group-path.ts'

/** Where metrics go, which group they are, and when. */
export interface PushgatewayOptions extends PushedOptions, Pick<HttpServiceOptions, 'tls'>, CredentialOptions {
  /** Where it listens, with a path where it is behind a proxy. @default 'http://127.0.0.1:9091' */
  readonly url?: string | undefined
  /** The label `job` of the group. */
  readonly job: string
  /** Further labels of the group, such as `instance`: each pusher of a job that must not replace another's metrics has its own. They replace labels of the same names. @default none */
  readonly grouping?: Readonly<Record<string, string>> | undefined
  /** `put` replaces all metrics of the group, `post` those of the same names. @default 'put' */
  readonly method?: 'put' | 'post' | undefined
  /** Whether the group is deleted at the end, in place of the last push: for what is pushed at intervals and should not outlive its process. @default false */
  readonly deleteOnClose?: boolean | undefined
  /** How long from one push to the next, in milliseconds. @default Infinity: only a flush and the end push */
  readonly intervalMs?: number | undefined
  /** Goes as `Authorization: Bearer`; asked for before each request where it is a function. @default none */
  readonly token?: HttpServiceOptions['token']
  /** What is pushed: its page, as `text()` gives it. @default a `prometheus()` of its own */
  readonly metrics?: Prometheus | undefined
}

/** The form of what only Pushgateway can be told. */
export interface CheckedPushgateway {
  readonly service: CheckedHttpService
  readonly path: string
  readonly method: 'PUT' | 'POST'
}

/** Throws a TypeError that names the option, and never says a secret. */
export function checkedPushgateway(options: PushgatewayOptions): CheckedPushgateway {
  const { url, tls, clock, job, grouping = {}, method = 'put' } = options
  if (Array.isArray(url)) throw new TypeError('url must be one: two gateways would show the same metrics')
  checkOneOf('method', method, ['put', 'post'])
  const path = groupPath(job, grouping)
  const { token, authorization } = checkedCredentials(options, 'Bearer')
  const service = checkedHttpService(
    { url, token, tls, clock },
    { kind: 'pushgateway', defaultUrl: 'http://127.0.0.1:9091', authorization },
  )
  return { service, path, method: method === 'put' ? 'PUT' : 'POST' }
}
