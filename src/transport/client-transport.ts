// How a program says over which wire it calls the instances of a service, before any is known: what `balancedClient` takes in `over`.
import type { Wire } from '../core/client.ts'
import type { Clock } from '../core/clock.ts'
import type { Contract, Methods } from '../core/contract.ts'

/** Where an instance is. */
export interface InstancePlace {
  /** `host:port`, an IPv6 address in brackets. */
  readonly address: string
}

/** What a client knows that is the same for all of its instances. */
export interface InstanceWireOptions {
  readonly clock?: Clock | undefined
  /** How many connections to one instance there may be where the transport's own options do not say it. */
  readonly maxConnections?: number | undefined
}

/** A wire over which instances can be called. */
export interface ClientTransport {
  /** What errors and logs call it. */
  readonly name: string
  /** Makes the way to call one instance. It connects when it is first used, and is closed when the instance has left. */
  wire<M extends Methods>(contract: Contract<M>, place: InstancePlace, options: InstanceWireOptions): Wire
}
