// Instance: one process of a service as a registry knows it, the word that instancers, registrars and balancers share.
import { checkNumber } from '../primitives/check.ts'

/** One process of a service. */
export interface Instance {
  /** Tells it from the others of its set, and stays the same for as long as it is the same process. */
  readonly id: string
  /** Where it is called: `host:port`, an IPv6 address in brackets. */
  readonly address: string
  /** How much of the load it should get, in proportion to others; at least 0, which is for none while another can take it. @default 1 */
  readonly weight?: number | undefined
  /** Those with a lower number come first; others are called when none of them can be (RFC 2782). @default 0 */
  readonly priority?: number | undefined
  /** Where it runs: an availability zone, a rack. @default unknown */
  readonly zone?: string | undefined
  /** Words that its registry has for it: a version, a role. @default none */
  readonly tags?: readonly string[] | undefined
  /** What its registry says of it beside that, by name. One that has other metadata than before is connected anew. @default none */
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

/** An instance with nothing but an address, which is its id too. Throws a TypeError for what is no `host:port`. */
export function instanceAt(address: string): Instance {
  return checkInstance({ id: address, address })
}

/** Returns an instance as it is. Throws a TypeError or RangeError, which names the member, for what makes no sense. */
export function checkInstance(instance: Instance): Instance {
  const { id, address, weight, priority, zone, tags, metadata } = instance ?? {}
  if (typeof id !== 'string' || id === '') throw new TypeError(`id must be a text, but is ${JSON.stringify(id)}`)
  portOf(address)
  if (weight !== undefined) checkNumber('weight', weight, { min: 0, max: Number.MAX_SAFE_INTEGER })
  if (priority !== undefined) checkNumber('priority', priority, { min: 0, max: Number.MAX_SAFE_INTEGER })
  if (zone !== undefined && typeof zone !== 'string') throw new TypeError('zone must be a text')
  if (tags !== undefined && !(Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')))
    throw new TypeError('tags must be a list of texts')
  if (metadata !== undefined && !isTexts(metadata)) throw new TypeError('metadata must have texts as its values')
  return instance
}

/** Joins a host and a port, with brackets around an IPv6 address. */
export function addressOf(host: string, port: number): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Splits an address. The host has no brackets. Throws a TypeError for what is no `host:port`. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const port = portOf(address)
  const host = address.slice(0, address.lastIndexOf(':'))
  return { host: host.startsWith('[') ? host.slice(1, -1) : host, port }
}

/** Whether nothing has changed of an instance. */
export function sameInstance(one: Instance, other: Instance): boolean {
  return (
    one === other ||
    (one.id === other.id &&
      one.address === other.address &&
      one.weight === other.weight &&
      one.priority === other.priority &&
      one.zone === other.zone &&
      sameTags(one.tags, other.tags) &&
      sameMetadata(one.metadata, other.metadata))
  )
}

/** Whether two sets in the order of `inOrder` are the same. */
export function sameInstances(some: readonly Instance[], others: readonly Instance[]): boolean {
  return some.length === others.length && some.every((instance, at) => sameInstance(instance, others[at] as Instance))
}

/** A set in the one order that all processes agree on: by id. Of those with the same id the first one stays. */
export function inOrder(instances: readonly Instance[]): readonly Instance[] {
  const sorted = instances.toSorted((one, other) => (one.id < other.id ? -1 : one.id > other.id ? 1 : 0))
  return sorted.filter((instance, at) => instance.id !== sorted[at - 1]?.id)
}

const addressForm = /^(?:\[[0-9a-fA-F:.]+(?:%[\w.-]+)?\]|[^\s:/\\?#@[\]]+):(\d{1,5})$/

function portOf(address: unknown): number {
  const port = typeof address === 'string' ? Number(addressForm.exec(address)?.[1] ?? 0) : 0
  if (port >= 1 && port <= 65_535) return port
  throw new TypeError(`address must be host:port, with a port from 1 to 65535, but is ${JSON.stringify(address)}`)
}

function isTexts(metadata: unknown): boolean {
  return (
    typeof metadata === 'object' &&
    metadata !== null &&
    Object.values(metadata).every((value) => typeof value === 'string')
  )
}

function sameTags(some: readonly string[] = [], others: readonly string[] = []): boolean {
  return some === others || (some.length === others.length && some.every((tag, at) => tag === others[at]))
}

/** Whether all that a registry says beside the rest is the same. */
export function sameMetadata(
  one: Readonly<Record<string, string>> | undefined,
  other: Readonly<Record<string, string>> | undefined,
): boolean {
  if (one === other) return true
  const keys = Object.keys(one ?? {})
  return keys.length === Object.keys(other ?? {}).length && keys.every((key) => one?.[key] === other?.[key])
}
