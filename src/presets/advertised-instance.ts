// The instance that a served program announces: where others reach it, as far as it was told and as far as it can tell.
import { addressOf, checkInstance, type Instance, splitAddress } from '../discovery/instance.ts'
import { machineAddress } from '../platform/machine-address.ts'
import type { RunningServer } from '../transport/server-transport.ts'

/** Where others reach a service: `host:port`, a host alone, or more of an instance. */
export type Advertised = string | { readonly [K in keyof Instance]?: Instance[K] | undefined }

// Each caller would call itself.
const everywhere = /^[0.:]+$/

/** What is looked at of a server. */
export type Bound = Pick<RunningServer, 'url' | 'address'>

/**
 * The instance that is announced for a server. Its id is its address unless another one is given, so that a process which takes the place
 * of one that died takes its place in the registry too. Throws a TypeError or RangeError for what makes no sense.
 */
export function advertisedInstance(
  advertise: Advertised | undefined,
  server: Bound,
  reachable: (allowsIPv6: boolean) => string | undefined = machineAddress,
): Instance {
  const given = advertise === undefined || typeof advertise === 'object' ? advertise : { address: advertise }
  const address = given?.address === undefined ? ownAddress(server, reachable) : wholeAddress(given.address, server)
  // First, so that what is wrong with it is not said of the id.
  const { host } = splitAddress(address)
  if (everywhere.test(host))
    throw new TypeError(
      `advertise must say where others reach this service, but ${host} is all interfaces of any machine`,
    )
  return checkInstance({ ...given, id: given?.id ?? address, address })
}

/** Throws what `advertisedInstance` would throw of what was given, before anything listens. */
export function checkAdvertised(advertise: Advertised | undefined): void {
  advertisedInstance(advertise, { url: '', address: '127.0.0.1:1' })
}

function ownAddress(server: Bound, reachable: (allowsIPv6: boolean) => string | undefined): string {
  const bound = boundTo(server)
  if (bound === undefined)
    throw new TypeError(`advertise must say at which host:port others reach this service: ${server.url} does not`)
  const { host, port } = splitAddress(bound)
  if (host !== '0.0.0.0' && host !== '::') return bound
  return addressOf(reachable(host === '::') ?? '127.0.0.1', port)
}

/** An address as it is; a host alone gets the port that the server has. */
function wholeAddress(address: string, server: Bound): string {
  if (typeof address !== 'string') return address
  try {
    splitAddress(address)
    return address
  } catch (thrown) {
    const bound = boundTo(server)
    // What is no host gets a refusal that shows what was given, and not what we made of it.
    if (bound === undefined || !isHost(address)) throw thrown
    return addressOf(address, splitAddress(bound).port)
  }
}

function boundTo({ address, url }: Bound): string | undefined {
  if (address !== undefined) return address
  const parsed = URL.parse(url)
  return parsed === null || parsed.port === '' ? undefined : parsed.host
}

/** A name, or an address of either kind, with or without brackets. */
function isHost(text: string): boolean {
  return /^(?:[\w.-]+|\[?[0-9a-fA-F.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*\]?)$/.test(text)
}
