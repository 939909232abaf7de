// By which address other machines reach this one, as far as it can tell by itself.
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'

/** The interfaces of a machine, as `networkInterfaces` of Node gives them. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

/**
 * The first address that is neither loopback nor link-local: IPv4 before IPv6, and no IPv6 unless it is asked for. Undefined where there is
 * none: a machine without a network, or one that does not say.
 */
export function machineAddress(
  allowsIPv6: boolean,
  interfaces: () => Interfaces = networkInterfaces,
): string | undefined {
  const reachable = addressesOf(interfaces).filter(({ internal, address }) => !internal && !isLinkLocal(address))
  const found = reachable.find(({ family }) => family === 'IPv4')
  return (found ?? (allowsIPv6 ? reachable.find(({ family }) => family === 'IPv6') : undefined))?.address
}

function addressesOf(interfaces: () => Interfaces): readonly NetworkInterfaceInfo[] {
  try {
    return Object.values(interfaces()).flatMap((addresses) => addresses ?? [])
  } catch {
    // Some systems do not let a process see them.
    return []
  }
}

/** Good on one wire only (RFC 3927, RFC 4291). */
function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.') || /^fe[89ab]/i.test(address)
}
