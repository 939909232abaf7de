// Registries by name: the one place of the example that knows which there are.
import { consulInstancer } from 'servicekit/discovery/consul/instancer'
import { consulRegistrar } from 'servicekit/discovery/consul/registrar'
import { dnsInstancer } from 'servicekit/discovery/dns/instancer'
import type { Instancer } from 'servicekit/discovery/instancer'
import { localInstancer } from 'servicekit/discovery/local/instancer'
import { localRegistrar } from 'servicekit/discovery/local/registrar'
import { staticInstancer } from 'servicekit/discovery/static/instancer'
import type { Logger } from 'servicekit/log/logger'
import { type Flags, instanceOf, type Registry } from './flags.ts'

/** Who knows the instances that uppercase is sent to; undefined where it is sent nowhere. */
export function instancerOf({ proxy, discover }: Flags, log: Logger): Instancer | undefined {
  if (proxy !== undefined) return staticInstancer(proxy.map(instanceOf))
  return discover && lookup(discover, log)
}

function lookup(registry: Registry, log: Logger): Instancer {
  const onError = (event: { name: string; error: Error }) =>
    log.warn('lookup failed', { registry: event.name, err: event.error.message })
  switch (registry.kind) {
    case 'local':
      return localInstancer({ service: 'stringsvc', folder: registry.folder, onError })
    case 'dns': {
      const { name, port, server } = registry
      return dnsInstancer({ name, port, servers: server === undefined ? undefined : [server], onError })
    }
    case 'consul':
      return consulInstancer({ service: registry.service, url: registry.url, onError })
  }
}

/** Announces an instance until it is disposed. A registry that cannot be told then forgets by itself. */
export function announced(registry: NonNullable<Flags['register']>, address: string, log: Logger): AsyncDisposable {
  const onError = (event: { name: string; during: string; error: Error }) =>
    log.warn(`${event.during} failed`, { registry: event.name, err: event.error.message })
  const isLocal = registry.kind === 'local'
  const registrar = isLocal
    ? localRegistrar({ folder: registry.folder, onError })
    : consulRegistrar({ url: registry.url, onError })
  const { registered } = registrar.register(isLocal ? 'stringsvc' : registry.service, { id: address, address })
  registered.then(
    () => log.info('registered', { registry: registrar.name, address }),
    () => {},
  )
  return {
    [Symbol.asyncDispose]: async () => {
      await registrar[Symbol.asyncDispose]().then(undefined, () => {})
    },
  }
}
