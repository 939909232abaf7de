// The wire to the instances of a simulated server as a transport, for clients that choose instances by themselves.
import type { Endpoint } from '../../core/endpoint.ts'
import type { Loose } from '../../core/schema.ts'
import { addressOf, type Instance } from '../../discovery/instance.ts'
import type { ClientTransport } from '../../transport/client-transport.ts'
import type { ClientTally } from './client-tally.ts'

/** An instance of a simulated server, and what sends to it. */
export interface Sendable {
  /** `leaf/0`. */
  readonly id: string
  readonly send: Endpoint<Loose, unknown>
}

/** What a registry says of a simulated instance. Its address leads nowhere but to itself. */
export function listed({ id }: Pick<Sendable, 'id'>): Instance {
  return { id, address: addressOf(id.replaceAll(/[^\w-]/g, '.'), 1) }
}

/** Calls simulated instances, and counts the attempts. */
export function instanceTransport(instances: readonly Sendable[], tally: ClientTally): ClientTransport {
  const byAddress = new Map(instances.map((instance) => [listed(instance).address, instance.send]))
  return {
    name: 'simulation',
    wire: (_contract, { address }) => {
      const send = byAddress.get(address)
      if (send === undefined) throw new TypeError(`there is no simulated instance at ${address}`)
      return {
        connect: () => (request, ctx) => {
          tally.attempts++
          return send(request, ctx)
        },
      }
    },
  }
}
