// Registries by name: the one place of the example that knows which there are.
import { dnsInstancer } from 'servicekit/discovery/dns/instancer'
import type { Instancer, InstancerOptions } from 'servicekit/discovery/instancer'
import { localInstancer } from 'servicekit/discovery/local/instancer'
import { localRegistrar } from 'servicekit/discovery/local/registrar'
import type { RegistrarOptions } from 'servicekit/discovery/registrar'
import { staticInstancer } from 'servicekit/discovery/static/instancer'
import type { Logger } from 'servicekit/log/logger'
import { type Flags, instanceOf, type Registry } from './flags.ts'
import { remoteRegistries } from './remote-registries.ts'

/** Who knows the instances that uppercase is sent to; undefined where it is sent nowhere. */
export function instancerOf({ proxy, discover }: Flags, log: Logger): Instancer | undefined {
  if (proxy !== undefined) return staticInstancer(proxy.map(instanceOf))
  return discover && lookup(discover, log)
}

function lookup(registry: Registry, log: Logger): Instancer {
  const events: Pick<InstancerOptions, 'onChange' | 'onError'> = {
    onChange: ({ name, instances }) => log.info('', { registry: name, instances: instances?.length }),
    onError: ({ name, error }) => log.warn('', { registry: name, err: error.message }),
  }
  switch (registry.kind) {
    case 'local':
      return localInstancer({ service: 'stringsvc', folder: registry.folder, ...events })
    case 'dns': {
      const { name, port, server } = registry
      return dnsInstancer({ name, port, servers: server === undefined ? undefined : [server], ...events })
    }
    default:
      return remoteRegistries[registry.kind].instancer(registry.service, registry.where, events)
  }
}

/** Announces an instance until it is disposed. A registry that cannot be told then forgets by itself. */
export function announced(registry: NonNullable<Flags['register']>, address: string, log: Logger): AsyncDisposable {
  const events: Pick<RegistrarOptions, 'onChange' | 'onError'> = {
    onChange: ({ name, registration }) => log.info('', { registry: name, address, state: registration.state }),
    onError: ({ name, error }) => log.warn('', { registry: name, address, err: error.message }),
  }
  const isLocal = registry.kind === 'local'
  const registrar = isLocal
    ? localRegistrar({ folder: registry.folder, ...events })
    : remoteRegistries[registry.kind].registrar(registry.where, events)
  registrar.register(isLocal ? 'stringsvc' : registry.service, { id: address, address })
  return {
    [Symbol.asyncDispose]: async () => {
      await Promise.allSettled([registrar[Symbol.asyncDispose]()])
    },
  }
}
