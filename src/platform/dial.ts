// Begins to connect to where a stream goes: over TCP, TLS or a Unix socket, with the same rules for all that speak a protocol of their own.
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type SecureContext } from 'node:tls'
import type { RequesterTls } from './requester-options.ts'
import type { StreamAddress } from './socket-address.ts'

/** How it is connected. */
export interface DialOptions {
  /** Encrypts what goes over TCP. @default none: not encrypted */
  readonly tls?: RequesterTls | undefined
  /** What `secureContext` made of `tls`: reading certificates takes longer than connecting. */
  readonly secureContext?: SecureContext | undefined
  /** Finds the addresses of a name. @default that of `node:dns` */
  readonly lookup?: LookupFunction | undefined
}

/** Gives a socket that is about to connect. `openingOf` says which event tells that it has. */
export function dial(address: StreamAddress, options: DialOptions): Socket {
  if (address.kind === 'unix') return connectTcp({ path: address.path })
  const { tls, secureContext, lookup } = options
  const { host, port } = address
  const to = { host, port, ...(lookup === undefined ? {} : { lookup }) }
  if (tls === undefined) return connectTcp(to)
  const { serverName, rejectUnauthorized = true } = tls
  // RFC 6066, 3: an address is no name to ask for.
  const servername = serverName ?? (isIP(host) === 0 ? host : undefined)
  return connectTls({
    ...to,
    secureContext,
    rejectUnauthorized,
    ...(servername === undefined ? {} : { servername }),
  } as ConnectionOptions)
}

/** The event after which a socket of `dial` takes what is written: not before whoever answers is known to be the one. */
export function openingOf({ tls }: DialOptions): 'connect' | 'secureConnect' {
  return tls === undefined ? 'connect' : 'secureConnect'
}
