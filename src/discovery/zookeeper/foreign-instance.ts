// Instances that others announce: Go kit by `host:port` or an URL, Curator and Spring Cloud by their ServiceInstance.
import { addressOf, type Instance } from '../instance.ts'
import { instanceMembers } from '../instance-members.ts'
import { numberIn } from '../number-in.ts'

/** What is read of Curator's ServiceInstance (curator-x-discovery), and of what Spring Cloud puts into it. */
interface ServiceInstance {
  readonly id?: unknown
  readonly address?: unknown
  readonly port?: unknown
  readonly sslPort?: unknown
  readonly enabled?: unknown
  readonly payload?: { readonly metadata?: unknown } | null
}

/** What another's data say; undefined for data that are in our own words. The members are not checked. */
export function foreignInstance(members: object): Partial<Instance> | 'out of service' | undefined {
  const { id, address, port, sslPort, enabled, payload } = members as ServiceInstance
  if (typeof address !== 'string') return undefined
  const reached = typeof port === 'number' ? port : sslPort
  if (typeof reached !== 'number') {
    const host = /^[a-z][a-z\d+.-]*:\/\/([^/?#]+)/i.exec(address)?.[1]
    return host === undefined ? undefined : { ...members, address: host }
  }
  const { zone, priority, weight, instance_status: status = 'UP', ...metadata } = textsIn(payload?.metadata)
  // Spring Cloud's way to take an instance out, and Curator's.
  if (status !== 'UP' || enabled === false) return 'out of service'
  return instanceMembers({
    ...(typeof id === 'string' ? { id } : {}),
    address: addressOf(address, reached),
    zone,
    priority: numberIn(priority),
    weight: numberIn(weight),
    metadata: Object.keys(metadata).length === 0 ? undefined : metadata,
  })
}

/** The texts of an object of anything. */
function textsIn(object: unknown): Readonly<Record<string, string>> {
  const entries = typeof object === 'object' && object !== null ? Object.entries(object) : []
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}
