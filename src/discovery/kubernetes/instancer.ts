// Looks a service up in Kubernetes: its EndpointSlices, listed once and watched from there.
import { checkNumber } from '../../primitives/check.ts'
import { type Random, systemRandom } from '../../primitives/random.ts'
import { type Instancer, type InstancerOptions, instancerFrom } from '../instancer.ts'
import { listAndWatch } from '../list-and-watch.ts'
import { checkedKubernetes, checkLabel, type KubernetesConnectionOptions } from './connection.ts'
import type { AddressType } from './endpoint-slice.ts'
import { mergedInstances } from './merged-instances.ts'
import { SlicesApi } from './slices-api.ts'
import { WatchedSlices } from './watched-slices.ts'

export type { Instancer } from '../instancer.ts'
export type { RequesterTls } from './connection.ts'
export type { AddressType } from './endpoint-slice.ts'

/** What is looked up, and how. */
export interface KubernetesInstancerOptions extends InstancerOptions, KubernetesConnectionOptions {
  /** The name of the Service, or of what its slices are labelled with (`kubernetes.io/service-name`). */
  readonly service: string
  /**
   * The name of a port of the Service, or the number on which its pods listen (its `targetPort`, from 1 to 65_535). Where a pod has several
   * and none is said, nothing is taken. @default the only one
   */
  readonly port?: string | number | undefined
  /** Only addresses of this kind. @default all, and of a pod that has several IPv4 before IPv6 before a name */
  readonly addressType?: AddressType | undefined
  /**
   * Only endpoints that are ready, and those that end but serve until then with no weight: they are called when there is no other. False takes all that
   * are not ready like these. @default true
   */
  readonly readyOnly?: boolean | undefined
  /** How long an answer may take, in milliseconds; at least 1. @default 10_000 */
  readonly timeoutMs?: number | undefined
  /** How long a watch lasts until it is begun anew, in milliseconds, from 10_000 to 3_600_000; a quarter of it more or less is left to chance. @default 120_000 */
  readonly watchMs?: number | undefined
  /** Where that chance comes from. @default systemRandom */
  readonly random?: Random | undefined
}

const addressTypes: readonly unknown[] = ['IPv4', 'IPv6', 'FQDN', undefined]

/**
 * Follows a service in Kubernetes. An instance has the first address of its endpoint, the name of its pod as its id (else its address), its zone, and the node as
 * `nodeName` in its metadata; what a registrar of this package has announced comes back as it was. Who asks needs a Role that lets it list and watch
 * `endpointslices` in `discovery.k8s.io`.
 *
 * While the API server cannot be reached, what was known stays. Throws a TypeError or RangeError for an option that makes no sense.
 */
export function kubernetesInstancer(options: KubernetesInstancerOptions): Instancer {
  const { service, port, addressType, readyOnly = true, random = systemRandom } = options
  checkLabel('service', service)
  if (typeof port === 'number') checkNumber('port', port, { min: 1, max: 65_535, integer: true })
  else if (port !== undefined && typeof port !== 'string') throw new TypeError('port must be a name or a number')
  if (!addressTypes.includes(addressType)) throw new TypeError('addressType must be IPv4, IPv6 or FQDN')
  const checked = checkedKubernetes(options)
  const { clock } = checked
  const name = `${service}.${checked.namespace} in ${checked.name}`
  const timeoutMs = checkNumber('timeoutMs', options.timeoutMs ?? 10_000, { min: 1, max: 2 ** 31 - 1 })
  const watchMs = checkNumber('watchMs', options.watchMs ?? 120_000, { min: 10_000, max: 3_600_000 })
  const wanted = { service, port, addressType, readyOnly }
  const source = listAndWatch(
    () => new WatchedSlices(new SlicesApi(checked), { wanted, name, clock, timeoutMs, watchMs, random }),
    // The server itself ends a watch before that, if it still lives.
    { name: checked.name, clock, silenceMs: 1.25 * watchMs + 1_000 + timeoutMs, merged: mergedInstances },
  )
  return instancerFrom(name, source, options)
}
