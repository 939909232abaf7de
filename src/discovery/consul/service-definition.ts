// An instance in Consul's words: the body that registers it, and the IDs it is known by.
import { idInPath } from '../id-in-path.ts'
import { checkInstance, type Instance, splitAddress } from '../instance.ts'
import type { CheckDefinition, CheckedCheck } from './check.ts'

/** The body of `PUT /v1/agent/service/register`. */
export interface ServiceDefinition {
  readonly ID: string
  readonly Name: string
  readonly Address: string
  readonly Port: number
  readonly Tags: readonly string[]
  readonly Meta: Readonly<Record<string, string>>
  readonly Weights: { readonly Passing: number; readonly Warning: number }
  readonly Check?: CheckDefinition & { readonly CheckID: string }
}

/**
 * What Consul has no member for goes into `Meta`: `zone`, `priority`, and a `weight` that is no integer from 1 to 65535. Throws a TypeError for metadata that
 * Consul refuses.
 */
export function serviceDefinition(
  service: string,
  instance: Instance,
  check: CheckedCheck | undefined,
): ServiceDefinition {
  const { address, weight = 1, priority, zone, tags = [], metadata = {} } = checkInstance(instance)
  const { host, port } = splitAddress(address)
  const passing = Math.min(Math.max(Math.round(weight), 1), mostWeight)
  const meta = {
    ...metadata,
    ...(zone === undefined ? {} : { zone }),
    ...(priority === undefined ? {} : { priority: String(priority) }),
    ...(weight === passing ? {} : { weight: String(weight) }),
  }
  checkMeta(meta)
  const definition = {
    ID: consulId(service, instance),
    Name: service,
    Address: host,
    Port: port,
    Tags: tags,
    Meta: meta,
    Weights: { Passing: passing, Warning: 1 },
  }
  if (check === undefined) return definition
  return { ...definition, Check: { CheckID: checkId(definition.ID), ...check.definition(address) } }
}

/** An ID is unique on its agent, whatever the service. */
export function consulId(service: string, instance: Instance): string {
  return idInPath(service, instance)
}

/** The ID that Consul itself gives to the only check of a service. */
export function checkId(serviceId: string): string {
  return `service:${serviceId}`
}

const mostWeight = 65_535

// The limits of Consul's agent/structs: it would refuse the registration again and again.
function checkMeta(meta: Readonly<Record<string, string>>): void {
  const entries = Object.entries(meta)
  if (entries.length > 64)
    throw new TypeError(`metadata must have at most 64 entries for consul, but has ${entries.length}`)
  for (const [key, value] of entries) {
    if (!/^(?!consul-)[\w-]{1,128}$/.test(key))
      throw new TypeError(
        `metadata keys for consul have 1 to 128 letters, digits, - and _, and no consul- before, but one is ${JSON.stringify(key)}`,
      )
    const bytes = Buffer.byteLength(value)
    if (bytes > 512) throw new TypeError(`metadata.${key} must have at most 512 bytes for consul, but has ${bytes}`)
  }
}
