// Addresses of receivers, as people write them: a scheme for the kind of socket, then a host and a port or a path.
import { isIP } from 'node:net'

interface HostAddress<Kind> {
  readonly kind: Kind
  readonly host: string
  readonly port: number
  /** As it was written. */
  readonly text: string
}

/** Where datagrams go. */
export type DatagramAddress = HostAddress<'udp'>

/** Where a stream goes. */
export type StreamAddress = HostAddress<'tcp'> | { readonly kind: 'unix'; readonly path: string; readonly text: string }

/** Where a socket goes. */
export type SocketAddress = DatagramAddress | StreamAddress

/** How an address is read. */
export interface SocketAddressOptions {
  /** For addresses that name none. @default none: they are refused */
  readonly defaultPort?: number | undefined
  /** What the option is called that the address comes from. @default 'address' */
  readonly option?: string | undefined
}

/**
 * Reads `udp://host:port`, `tcp://host:port`, with IPv6 in brackets, and `unix:///path` of a stream socket, in which `%20` and its kin
 * stand for what they mean in a URL. Throws a TypeError for anything else.
 */
export function socketAddress(address: string, options: SocketAddressOptions = {}): SocketAddress {
  const { defaultPort } = options
  const read = typeof address === 'string' ? (unixAddress(address) ?? hostAddress(address, defaultPort)) : undefined
  if (read === undefined) throw new TypeError(refusal(address, options))
  return read
}

function unixAddress(address: string): SocketAddress | undefined {
  const path = /^unix:\/\/(\/[^?#]+)$/i.exec(address)?.[1]
  if (path === undefined) return undefined
  try {
    const decoded = decodeURIComponent(path)
    return decoded.includes('\0') ? undefined : { kind: 'unix', path: decoded, text: address }
  } catch {
    return undefined
  }
}

const withHost = /^(udp|tcp):\/\/(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i

function hostAddress(address: string, defaultPort: number | undefined): SocketAddress | undefined {
  const [, scheme, bracketed, name, digits] = withHost.exec(address) ?? []
  const host = bracketed ?? name
  const port = digits === undefined ? defaultPort : Number(digits)
  const isBroken = bracketed !== undefined && isIP(bracketed) !== 6
  if (host === undefined || isBroken || port === undefined || port < 1 || port > 65_535) return undefined
  return { kind: scheme?.toLowerCase() === 'udp' ? 'udp' : 'tcp', host, port, text: address }
}

function refusal(address: unknown, { defaultPort, option = 'address' }: SocketAddressOptions): string {
  const port = defaultPort === undefined ? ':port' : '[:port]'
  const given = typeof address === 'string' ? JSON.stringify(address) : `no text but ${typeof address}`
  return `${option} must be udp://host${port}, tcp://host${port} or unix:///path, but is ${given}`
}
