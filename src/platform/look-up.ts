// From the host of an address to the addresses that datagrams can go to.
import type { LookupAddress, LookupOptions } from 'node:dns'
import type { LookupFunction } from 'node:net'

// Receivers listen on 127.0.0.1 more often than on ::1, and `localhost` has both.
const allAddresses: LookupOptions = { all: true, order: 'ipv4first' }

/** Who hears of addresses: one of both is called, once. */
export interface LookUpListener {
  /** There is one at least; those of IPv4 come first. */
  found(addresses: readonly string[]): void
  failed(error: Error): void
}

/** Looks all addresses of a name up. */
export function lookUp(name: string, lookup: LookupFunction, listener: LookUpListener): void {
  lookup(name, allAddresses, (error, found) => {
    const addresses = Array.isArray(found) ? found.map((one: LookupAddress) => one.address) : [found]
    if (error || addresses.length === 0) listener.failed(error ?? new Error('the name has no address'))
    else listener.found(addresses)
  })
}

/** The address behind the one that did not work, so that each gets its turn; the first one when none is to be avoided. */
export function addressAfter(avoid: string | undefined, addresses: readonly string[]): string {
  const at = avoid === undefined ? -1 : addresses.indexOf(avoid)
  return addresses[(at + 1) % addresses.length] as string
}
