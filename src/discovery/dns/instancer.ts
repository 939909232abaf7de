// Looks instances up in DNS: SRV records, or addresses with a port that is known.
import { getServers } from 'node:dns'
import { isIP } from 'node:net'
import { systemClock } from '../../core/clock.ts'
import { pause } from '../../core/pause.ts'
import { tell } from '../../core/tell.ts'
import { checkNumber, checkOneOf } from '../../primitives/check.ts'
import { fixedInstances } from '../fixed-instances.ts'
import { addressOf, type Instance, instanceAt } from '../instance.ts'
import { type Instancer, type InstancerOptions, type InstanceSource, instancerFrom } from '../instancer.ts'
import { dnsServer } from './dns-server.ts'
import { domainName } from './domain-name.ts'
import { DnsResolver } from './resolver.ts'
import { serviceInstances } from './service-instances.ts'
import { type AddressType, TargetAddresses } from './target-addresses.ts'

export type { Instancer } from '../instancer.ts'
export type { AddressType } from './target-addresses.ts'

/** What is looked up in DNS, and how. */
export interface DnsInstancerOptions extends InstancerOptions {
  /** The whole name, to which nothing is added: `_http._tcp.addsvc.example`. An IP address, which `type` and DNS have nothing to do with, is one instance. */
  readonly name: string
  /** SRV records say all of an instance; A and AAAA records need a `port`. @default 'SRV' without a port, 'A' with one */
  readonly type?: 'SRV' | AddressType | undefined
  /** Where the instances of A and AAAA records listen: from 1 to 65535. @default none */
  readonly port?: number | undefined
  /** Which addresses of the targets of SRV records are taken; those of the other kind where a target has none of these. @default 'A' */
  readonly prefer?: AddressType | undefined
  /** IP addresses of servers, each with a port or without. The next one is asked when one fails. @default those of the system */
  readonly servers?: readonly string[] | undefined
  /**
   * How servers are asked. An answer that does not fit into a datagram is asked for by TCP in any case; 'tcp' is for servers that shorten
   * their answers and do not say so, as Consul does. @default 'udp'
   */
  readonly protocol?: 'udp' | 'tcp' | undefined
  /** How long a server has for one answer, in milliseconds; at least 1. @default 2_000 */
  readonly timeoutMs?: number | undefined
  /** How often each server is asked until the lookup has failed; at least 1. @default 2 */
  readonly tries?: number | undefined
  /** How soon the next lookup comes at the earliest, in milliseconds, whatever the records say of how long they may be kept; at least 1. @default 1_000 */
  readonly minTtlMs?: number | undefined
  /** How late the next lookup comes at the latest, in milliseconds; at least `minTtlMs`. @default 30_000 */
  readonly maxTtlMs?: number | undefined
  /** Told of a record that gives no instance, once while that is so. The others are taken. @default nothing */
  readonly onLeftOut?: ((event: DnsLeftOutEvent) => void) | undefined
}

/** An SRV record gives no instance. */
export interface DnsLeftOutEvent {
  /** What was looked up. */
  readonly name: string
  readonly target: string
  readonly port: number
  /** Why: `its port is 0`. */
  readonly reason: string
}

/**
 * Looks a name up in DNS, and again when its records may no longer be kept. That a name does not exist, or has no such records, is
 * knowledge: then there are no instances. That a server fails, refuses or does not answer is a failure: what was known stays. Throws a
 * TypeError or RangeError for options that make no sense.
 */
export function dnsInstancer(options: DnsInstancerOptions): Instancer {
  const { port, clock = systemClock } = options
  const type = options.type ?? (port === undefined ? 'SRV' : 'A')
  checkOneOf('type', type, ['SRV', 'A', 'AAAA'])
  const literal = typeof options.name === 'string' ? options.name.replace(/^\[(.*)\]$/, '$1') : ''
  if (isIP(literal) !== 0) {
    const instance = instanceAt(addressOf(literal, portFor(options)))
    return instancerFrom(`the address ${instance.address}`, fixedInstances([instance]), options)
  }
  const name = domainName('name', options.name)
  if (options.servers !== undefined && !Array.isArray(options.servers))
    throw new TypeError('servers must be a list of IP addresses')
  const servers = options.servers?.map(dnsServer)
  if (servers?.length === 0) throw new TypeError('servers must not be empty: leave it out to ask those of the system')
  const resolver = new DnsResolver({
    servers: () => servers ?? getServers().map(dnsServer),
    protocol: checkOneOf('protocol', options.protocol ?? 'udp', ['udp', 'tcp']),
    timeoutMs: checkNumber('timeoutMs', options.timeoutMs ?? 2_000, { min: 1, max: 3_600_000 }),
    tries: checkNumber('tries', options.tries ?? 2, { min: 1, max: 100, integer: true }),
    clock,
  })
  const minTtlMs = checkNumber('minTtlMs', options.minTtlMs ?? 1_000, { min: 1, max: 86_400_000 })
  const maxTtlMs = checkNumber('maxTtlMs', options.maxTtlMs ?? Math.max(30_000, minTtlMs), { min: minTtlMs })
  const lookup = type === 'SRV' ? services(name, resolver, options) : hosts(name, type, resolver, portFor(options))
  const source: InstanceSource = async function* (signal) {
    while (!signal.aborted) {
      const { instances, ttlMs } = await lookup(signal)
      yield instances
      await pause(clock, Math.min(Math.max(ttlMs, minTtlMs), maxTtlMs), signal)
    }
  }
  const where = servers === undefined ? '' : ` at ${servers.map(({ text }) => text).join(', ')}`
  return instancerFrom(`${name} (${type}) in DNS${where}`, source, options)
}

/** What one lookup gives. */
interface Found {
  readonly instances: readonly Instance[]
  /** How long it may be kept, in milliseconds. */
  readonly ttlMs: number
}

type Lookup = (signal: AbortSignal) => Promise<Found>

function hosts(name: string, type: AddressType, resolver: DnsResolver, port: number): Lookup {
  return async (signal) => {
    const { records, ttlMs } = await resolver.resolve(name, type, signal)
    return { instances: records.map(({ address }) => instanceAt(addressOf(address, port))), ttlMs }
  }
}

function services(name: string, resolver: DnsResolver, options: DnsInstancerOptions): Lookup {
  if (options.port !== undefined) throw new TypeError('port is for A and AAAA records: SRV records have their own')
  const { clock = systemClock, onLeftOut } = options
  const prefer = checkOneOf('prefer', options.prefer ?? 'A', ['A', 'AAAA'])
  const targets = new TargetAddresses({ resolver, prefer, clock })
  let toldBefore: ReadonlySet<string> = new Set()
  return async (signal) => {
    const { records, additional, ttlMs } = await resolver.resolve(name, 'SRV', signal)
    const usable = records.filter(({ port, target }) => port !== 0 && target !== '.')
    const found = await targets.resolve(new Set(usable.map(({ target }) => target)), additional, signal)
    const told = new Set<string>()
    const instances = serviceInstances(records, found, ({ target, port }, reason) => {
      const key = `${target}:${port} ${reason}`
      if (!toldBefore.has(key) && !told.has(key)) tell(onLeftOut, { name, target, port, reason })
      told.add(key)
    })
    toldBefore = told
    const places = [...found.values()]
    const failure = places.find(({ isFailure }) => isFailure)
    // That nobody knows where the targets are is no news of the service.
    if (instances.length === 0 && failure !== undefined) throw new Error(failure.trouble)
    const expiresAt = places.reduce((least, place) => Math.min(least, place.expiresAt), Infinity)
    return { instances, ttlMs: Math.min(ttlMs, expiresAt - clock.now()) }
  }
}

function portFor({ port, name }: DnsInstancerOptions): number {
  if (port === undefined) throw new TypeError(`port must be given, as the addresses of ${name} have none`)
  return checkNumber('port', port, { min: 1, max: 65_535, integer: true })
}
