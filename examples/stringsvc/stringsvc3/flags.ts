// The command line of stringsvc3: its flags, and what they mean.
import { parseArgs } from 'node:util'
import type { Instance } from 'servicekit/discovery/instance'

export const usage = `main.ts [--listen :8080] [--proxy a,b,c | --discover <registry>] [--register <registry>]

  --listen    where it listens: host:port, or :port for all interfaces
  --proxy     sends uppercase to these instances in turn: localhost:8001,http://10.0.0.2:8001/v2/uppercase
  --discover  sends uppercase to the instances that are found in a registry
  --register  announces this one in a registry, by the host of --listen, or as 127.0.0.1

A registry is one of these:

  local[:folder]                   a folder of this machine
  dns:name[:port][@server[:port]]  SRV records or, with a port, addresses; to look up only
  consul[:service][@host:port]     stringsvc at 127.0.0.1:8500 unless it says otherwise
  etcd[:service][@host:port,…]
  zookeeper[:service][@host:port,…/chroot]
  eureka[:service][@url,…]
  kubernetes[:service]             from within a pod
  kubernetes[:service]@url         with files named by KUBERNETES_TOKEN_FILE and KUBERNETES_CA_FILE

  main.ts --listen :8001 --register local
  main.ts --listen :8080 --discover local`

export type Flags = {
  /** As it was given. */
  readonly listen: string
  readonly host: string | undefined
  readonly port: number
  /** What `--proxy` lists; undefined where it does not. */
  readonly proxy: readonly string[] | undefined
  readonly discover: Registry | undefined
  readonly register: Exclude<Registry, { kind: 'dns' }> | undefined
  readonly help: boolean
}

export type Registry =
  | { readonly kind: 'local'; readonly folder: string | undefined }
  | {
      readonly kind: 'dns'
      readonly name: string
      readonly port: number | undefined
      readonly server: string | undefined
    }
  | {
      readonly kind: RemoteKind
      readonly service: string
      /** As it was given: `host:port` or a URL, or several with commas. */
      readonly where: string | undefined
    }

const remoteKinds = ['consul', 'etcd', 'zookeeper', 'eureka', 'kubernetes'] as const

/** Registries that are servers. */
export type RemoteKind = (typeof remoteKinds)[number]

/** Throws a TypeError, which names the flag, for what makes no sense. */
export function flagsOf(args: readonly string[]): Flags {
  const { values } = parseArgs({
    args: [...args],
    options: {
      listen: { type: 'string', default: ':8080' },
      proxy: { type: 'string', default: '' },
      discover: { type: 'string' },
      register: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { listen, proxy, help } = values
  if (proxy !== '' && values.discover !== undefined) throw new TypeError('--proxy and --discover exclude each other')
  const discover = values.discover === undefined ? undefined : registryOf('--discover', values.discover)
  const register = values.register === undefined ? undefined : registryOf('--register', values.register)
  if (register?.kind === 'dns') throw new TypeError('--register cannot be dns, which is only asked')
  return { listen, ...bindOf(listen), proxy: proxy === '' ? undefined : listOf(proxy), discover, register, help }
}

/** An instance of `--proxy`. A URL may leave `http://` out, and `/uppercase` where it has no other path. */
export function instanceOf(item: string): Instance {
  const url = URL.parse(/^https?:\/\//.test(item) ? item : `http://${item}`)
  if (url === null || url.username !== '') throw new TypeError(`--proxy has "${item}", which is no URL of an instance`)
  if (url.pathname === '/') url.pathname = '/uppercase'
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return { id: url.href, address: `${url.hostname}:${port}`, metadata: { url: url.href } }
}

function listOf(proxy: string): readonly string[] {
  const items = proxy.split(',').map((item) => item.trim())
  for (const item of items) instanceOf(item)
  return items
}

function bindOf(listen: string): Pick<Flags, 'host' | 'port'> {
  const [, address, name, port = ''] = /^(?:\[([\da-f:.]+)\]|([^\s:[\]]*)):(\d{1,5})$/i.exec(listen) ?? []
  if (port === '' || Number(port) > 65_535)
    throw new TypeError(`--listen must be host:port or :port, but is "${listen}"`)
  return { host: address || name || undefined, port: Number(port) }
}

function registryOf(flag: string, text: string): Registry {
  const local = /^local(?::(.+))?$/.exec(text)
  if (local) return { kind: 'local', folder: local[1] }
  const dns = /^dns:([^:@]+)(?::(\d+))?(?:@(.+))?$/.exec(text)
  if (dns) return { kind: 'dns', name: dns[1] as string, port: dns[2] ? Number(dns[2]) : undefined, server: dns[3] }
  const [, name, service = 'stringsvc', where] = /^([a-z]+)(?::([^:@]+))?(?:@(.+))?$/.exec(text) ?? []
  const kind = remoteKinds.find((each) => each === name)
  if (kind) return { kind, service, where }
  const meant = remoteKinds.find((each) => text.startsWith(`${each}:`) || text.startsWith(`${each}@`))
  if (meant)
    throw new TypeError(`${flag} must be ${meant}[:service][@where], with an @ before where it is, but is "${text}"`)
  const known = ['local', 'dns:name', ...remoteKinds].join(', ')
  throw new TypeError(`${flag} must be one of ${known}, with what may follow, but is "${text}"`)
}
