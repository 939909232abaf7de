// A registry that is told by the registrar of its adapter: an instance that changes is withdrawn and announced anew, as after a deployment.
import type { Instance, Instancer } from 'servicekit/discovery/instancer'
import type { Registrar, Registration } from 'servicekit/discovery/registrar'
import { ownServer } from '../../test/servers/own-server.ts'
import type { Server } from '../../test/servers/server.ts'
import { type FilledRegistry, service } from './changes.ts'

export interface Registered {
  /** What it is, with its version. */
  readonly title: string
  readonly server: Server
  /** Of the addresses of the server: where it listens, as `host:port` or a URL. */
  listens(addresses: Readonly<Record<string, string>>): string
  /** Looks up at `host:port`. */
  instancer(at: string, addresses: Readonly<Record<string, string>>): Instancer
  registrar(at: string, addresses: Readonly<Record<string, string>>): Registrar
  /** Resolves when what was announced is no news any more. @default at once */
  settled?(at: string): Promise<void>
}

/** How many are announced at once. */
const atOnce = 50

/** Starts the server, which must be installed. */
export async function registered(registry: Registered): Promise<FilledRegistry> {
  const server = await ownServer(registry.server)
  const { addresses } = server
  const at = registry.listens(addresses).replace(/^https?:\/\//, '')
  const { hostname, port } = new URL(`http://${at}`)
  const registrar = registry.registrar(at, addresses)
  const registrations = new Map<string, Registration>()
  const announce = async (instance: Instance) => {
    await registrations.get(instance.id)?.close()
    const registration = registrar.register(service, instance)
    registrations.set(instance.id, registration)
    await registration.registered
  }
  return {
    title: registry.title,
    host: hostname,
    port: Number(port),
    instancer: (tap) => registry.instancer(at.replace(/:\d+/, `:${tap}`), addresses),
    fill: async (instances) => {
      for (let from = 0; from < instances.length; from += atOnce)
        await Promise.all(instances.slice(from, from + atOnce).map(announce))
      await registry.settled?.(at)
    },
    change: announce,
    [Symbol.asyncDispose]: async () => {
      // The server goes, and with it all that it was told.
      await server[Symbol.asyncDispose]()
      await Promise.allSettled([registrar[Symbol.asyncDispose]()])
    },
  }
}
