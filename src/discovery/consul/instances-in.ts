// What Consul's health endpoint says of a service, as instances.
import { addressOf, type Instance } from '../instance.ts'
import { numberIn } from '../number-in.ts'
import { usableInstances } from '../usable-instances.ts'

/** What is wanted of the entries of a service. */
export interface WantedEntries {
  /** What each of them must have. */
  readonly tags: readonly string[]
}

/** The members that are read of an entry of `/v1/health/service/:service`. */
interface Entry {
  readonly Node: { readonly Node: string; readonly Address?: string; readonly Meta?: Record<string, string> | null }
  readonly Service: {
    readonly ID: string
    readonly Address?: string
    readonly Port?: number
    readonly Tags?: readonly string[] | null
    readonly Meta?: Record<string, string> | null
    readonly Weights?: { readonly Passing?: number; readonly Warning?: number } | null
  }
  readonly Checks?: readonly { readonly Status?: string }[] | null
}

/**
 * The instances in a reply. Those without a port or a usable address are left out, unless there are no others: one that was registered badly must not
 * hide the rest. Throws an Error for what is no list of entries.
 */
export function instancesIn(body: Uint8Array, { tags }: WantedEntries): readonly Instance[] {
  const entries = parsed(body).filter((entry) => tags.every((tag) => entry.Service.Tags?.includes(tag)))
  return usableInstances(entries, instanceOf, 'instances')
}

function parsed(body: Uint8Array): readonly Entry[] {
  let entries: unknown
  try {
    entries = JSON.parse(new TextDecoder().decode(body))
  } catch (thrown) {
    throw new Error('the reply is not JSON: is this the URL of a Consul agent?', { cause: thrown })
  }
  if (!Array.isArray(entries) || !entries.every(isEntry)) throw new Error('the reply is no list of service instances')
  return entries
}

function isEntry(entry: Partial<Entry> | null): entry is Entry {
  return typeof entry?.Service?.ID === 'string' && typeof entry.Node?.Node === 'string'
}

/** An ID of Consul is unique on its agent only. */
function instanceOf({ Node, Service, Checks }: Entry): Instance {
  const { zone = Node.Meta?.['zone'], priority, weight, ...metadata } = Service.Meta ?? {}
  return {
    id: `${Node.Node}/${Service.ID}`,
    address: addressOf(Service.Address || Node.Address || '', Service.Port ?? 0),
    weight: weightOf(Service.Weights ?? {}, numberIn(weight), Checks ?? []),
    ...(numberIn(priority) === undefined ? {} : { priority: numberIn(priority) }),
    ...(zone ? { zone } : {}),
    ...(Service.Tags?.length ? { tags: Service.Tags } : {}),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  }
}

/** Consul's states from bad to good; whoever asks for passing ones only sees none but the last. */
function weightOf(
  { Passing = 1, Warning = 1 }: { readonly Passing?: number; readonly Warning?: number },
  exact: number | undefined,
  checks: readonly { readonly Status?: string }[],
): number {
  if (checks.some(({ Status }) => Status === 'critical')) return 0
  if (checks.some(({ Status }) => Status === 'warning')) return Warning
  return exact ?? Passing
}
