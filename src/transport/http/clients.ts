// HTTP as a wire to many instances: how each of them is called, without where it is.
import { contract } from '../../core/contract.ts'
import type { ClientTransport } from '../client-transport.ts'
import { type HttpClientOptions, httpWire } from './client.ts'

/** How instances are called over HTTP. */
export interface HttpClientsOptions
  extends Pick<
    HttpClientOptions,
    'maxConnections' | 'connectTimeoutMs' | 'keepAliveMs' | 'maxConnectionAgeMs' | 'tls' | 'maxReplyBytes' | 'maxDepth'
  > {
  /** @default 'https' where `tls` is given, else 'http' */
  readonly protocol?: 'http' | 'https' | undefined
  /** What comes before the paths of the routes, as in `/api`. @default nothing */
  readonly path?: `/${string}` | undefined
}

/** Calls instances over HTTP and JSON, each over connections of its own. Throws a TypeError or RangeError for an option out of its range. */
export function httpClients(options: HttpClientsOptions = {}): ClientTransport {
  const { protocol = options.tls === undefined ? 'http' : 'https', path = '', ...others } = options
  if (protocol !== 'http' && protocol !== 'https')
    throw new TypeError(`protocol must be 'http' or 'https', but is ${String(protocol)}`)
  // Whatever came first in it would be read as a part of the address.
  if (path !== '' && !String(path).startsWith('/'))
    throw new TypeError(`path must begin with /, but is ${JSON.stringify(path)}`)
  // Wrong options must not wait for the first instance to be told.
  httpWire(contract('none', {}), { ...others, baseUrl: `${protocol}://host${path}` })
  return {
    name: 'http',
    wire: (called, { address }, { clock, maxConnections }) =>
      httpWire(called, {
        ...others,
        baseUrl: `${protocol}://${address}${path}`,
        clock,
        maxConnections: others.maxConnections ?? maxConnections,
      }),
  }
}
