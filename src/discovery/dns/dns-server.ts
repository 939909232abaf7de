// DnsServer: where questions go, as people write it.
import { isIP } from 'node:net'
import { addressOf } from '../instance.ts'

/** One server. */
export interface DnsServer {
  /** An IP address. */
  readonly host: string
  readonly port: number
  /** Both in one text. */
  readonly text: string
}

const defaultPort = 53
const form = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/

/** Reads `10.0.0.2`, `10.0.0.2:5353`, `::1` and `[::1]:5353`. Throws a TypeError for anything else, as for the name of a host. */
export function dnsServer(text: string): DnsServer {
  const isText = typeof text === 'string'
  const [, bracketed, plain, digits] = (isText ? form.exec(text) : undefined) ?? []
  const host = isText && isIP(text) !== 0 ? text : (bracketed ?? plain ?? '')
  const port = digits === undefined ? defaultPort : Number(digits)
  if (isIP(host) !== 0 && port >= 1 && port <= 65_535) return { host, port, text: addressOf(host, port) }
  throw new TypeError(`servers must be IP addresses, with a port or without, but one is ${JSON.stringify(text)}`)
}
