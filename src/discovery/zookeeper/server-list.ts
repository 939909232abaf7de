// Servers as ZooKeeper's connection strings name them: `host:2181,[2001:db8::1]:2181/chroot`.
import { isIP } from 'node:net'
import type { StreamAddress } from '../../platform/socket-address.ts'
import type { Random } from '../../primitives/random.ts'
import { checkPath } from './node-name.ts'

/** Where a server is. */
export type ZookeeperServer = Extract<StreamAddress, { readonly kind: 'tcp' }>

/** A list of servers, and where on them all paths begin. */
export interface ServerList {
  readonly servers: readonly ZookeeperServer[]
  /** A path; `/` for the root. */
  readonly chroot: string
}

const form = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/,[\]]+))(?::(\d{1,5}))?$/

/** Reads a list. Throws a TypeError for what is none. */
export function serverList(text: string | readonly string[]): ServerList {
  const joined = Array.isArray(text) ? text.join(',') : text
  const [hosts = '', chroot] = typeof joined === 'string' ? splitAt(joined, joined.indexOf('/')) : []
  const servers = hosts.split(',').map((host) => serverOf(host.trim()))
  const all = servers.filter((server) => server !== undefined)
  if (all.length === servers.length) return { servers: all, chroot: checkPath('servers', chroot ?? '/') }
  throw new TypeError(`servers must be like host:2181,host2:2181/chroot, but is ${JSON.stringify(text)}`)
}

/** Servers, of which each has its turn, for ever: in an order of chance, so that not all clients go to the same one first. */
export class ServerTurns {
  readonly #order: readonly ZookeeperServer[]
  #turn = 0

  constructor(servers: readonly ZookeeperServer[], random: Random) {
    const left = [...servers]
    // Each place takes one of those that are left, all equally likely (Fisher and Yates).
    this.#order = servers.map(() => left.splice(Math.floor(random() * left.length), 1)[0] as (typeof left)[number])
  }

  /** How many there are. */
  get count(): number {
    return this.#order.length
  }

  next(): ZookeeperServer {
    return this.#order[this.#turn++ % this.#order.length] as ZookeeperServer
  }
}

function serverOf(text: string): ZookeeperServer | undefined {
  const [, bracketed, name, digits = '2181'] = form.exec(text) ?? []
  const host = bracketed ?? name
  const port = Number(digits)
  if (host === undefined || port < 1 || port > 65_535 || (bracketed !== undefined && isIP(bracketed) !== 6))
    return undefined
  return { kind: 'tcp', host, port, text: bracketed === undefined ? `${host}:${port}` : `[${host}]:${port}` }
}

function splitAt(text: string, at: number): readonly [before: string, after?: string] {
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at)]
}
