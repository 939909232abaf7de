// Follows a service in Eureka.
import { checkOneOf } from '../../primitives/check.ts'
import { type Instancer, type InstancerOptions, instancerFrom } from '../instancer.ts'
import { instancesFrom } from './instances-from.ts'
import { type EurekaRegistry, type EurekaRegistryOptions, registryOf } from './registry.ts'

export type { Instancer } from '../instancer.ts'
export type { EurekaRegistry, RequesterTls } from './registry.ts'

/** What is looked up, and how. */
export interface EurekaInstancerOptions extends InstancerOptions, EurekaRegistryOptions {
  /** The name of its application in Eureka, in upper or lower case. */
  readonly service: string
  /** A copy that several instancers share, with `url` and the rest said there. @default one of its own, made with `url` */
  readonly registry?: EurekaRegistry | undefined
  /** Only instances that are `UP`. Otherwise the others have no weight: they are called when there is no other. @default true */
  readonly upOnly?: boolean | undefined
  /** Takes the secure port of each instance, and leaves out those without one. @default false */
  readonly secure?: boolean | undefined
  /** What of an instance is called: `ip`, which is the same for all who call, or `host`, which a certificate may be for. @default 'ip', with `secure` 'host' */
  readonly address?: 'ip' | 'host' | undefined
  /**
   * As with all registries, but longer: after a Eureka has lost its memory it takes a renewal (30 s), its response cache (30 s) and a poll until everybody is
   * seen again. @default 120_000
   */
  readonly recoveryMs?: number | undefined
}

/**
 * Follows a service in Eureka. An instance has its instance id as its id, and its metadata, of which `zone` (else the availability zone of Amazon), `weight`, `priority`
 * and `tags` become its own. What changes is seen after up to 30 s in Eureka's response cache and a poll.
 *
 * While no server can be reached, what was known stays; and for `recoveryMs` after that also what a server that came back without its memory does not know
 * until it has registered again. Throws a TypeError or RangeError for an option that makes no sense.
 */
export function eurekaInstancer(options: EurekaInstancerOptions): Instancer {
  const { service, upOnly = true, secure = false, address = secure ? 'host' : 'ip' } = options
  if (typeof service !== 'string' || service === '') throw new TypeError('service must be a text')
  checkOneOf('address', address, ['ip', 'host'])
  const registry = registryIn(options)
  const instancesIn = instancesFrom({ upOnly, secure, address })
  const source = async function* (signal: AbortSignal) {
    for await (const infos of registry.follow(service, signal)) yield instancesIn(infos, service)
  }
  return instancerFrom(`${service} in ${registry.name}`, source, {
    ...options,
    recoveryMs: options.recoveryMs ?? 120_000,
  })
}

const ofRegistry = ['url', 'user', 'password', 'token', 'tls', 'pollIntervalMs', 'refreshMs', 'timeoutMs'] as const

function registryIn(options: EurekaInstancerOptions): EurekaRegistry {
  const { registry, service } = options
  if (registry === undefined) return registryOf(service, options)
  if (typeof registry?.follow !== 'function') throw new TypeError('registry must be a registry, as eurekaRegistry()')
  const twice = ofRegistry.find((name) => options[name] !== undefined)
  if (twice !== undefined) throw new TypeError(`${twice} is said where the registry is made, and not with it`)
  return registry
}
