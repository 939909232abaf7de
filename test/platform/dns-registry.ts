// A DNS server as a registry: what the conformance suite of instancers is run with where DNS stands behind one.
import type { Clock } from '../../src/core/clock.ts'
import { type Instance, splitAddress } from '../../src/discovery/instance.ts'

/** The name that is looked up. */
export const serviceName = '_orders._tcp.example'

/** What an SRV record and an address record say of an instance. */
export interface Listing {
  readonly target: string
  readonly priority: number
  readonly weight: number
  readonly port: number
  readonly host: string
  readonly type: 'A' | 'AAAA'
}

/** How an instance is listed: its id is the name of its target. */
export function listingOf({ id, address, priority = 0, weight = 1 }: Instance): Listing {
  const { host, port } = splitAddress(address)
  const label = id.replaceAll(/[^a-z0-9-]/g, '-')
  // Names of hosts begin with a letter or a digit.
  return { target: `i${label}.example`, priority, weight, port, host, type: host.includes(':') ? 'AAAA' : 'A' }
}

/** How an instance comes back. One of weight 0 beside one of weight 1 has the chance of one of weight 1 (RFC 2782). */
export function seenInDns(instance: Instance): Instance {
  const { target, priority, weight, port, host } = listingOf(instance)
  return {
    id: `${target}:${port}/${host}`,
    address: instance.address,
    priority,
    weight: weight || 1,
    metadata: { target },
  }
}

/** Turns of the event loop in which sockets of loopback bring what there is. */
export async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await new Promise(setImmediate)
}

/** Something that waits by a clock, and counts who waits. */
export class Lateness {
  ms = 0
  waiting = 0
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async wait(): Promise<void> {
    if (this.ms === 0) return
    this.waiting++
    await this.#clock.sleep(this.ms)
    this.waiting--
  }
}
