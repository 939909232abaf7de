// The options of a requester: their defaults, and their checks.
import { type Clock, systemClock } from '../core/clock.ts'
import { checkNumber } from '../primitives/check.ts'

/** How a server is known, and how it knows us: certificates and keys in PEM. */
export interface RequesterTls {
  /** The authorities that are trusted. @default those of the runtime */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
  /** Our certificate, for servers that ask for one. Goes with `key`. @default none */
  readonly cert?: string | Uint8Array | undefined
  /** The key of our certificate. @default none */
  readonly key?: string | Uint8Array | undefined
  /** The name that is asked for and that the certificate must have. @default the host of the origin */
  readonly serverName?: string | undefined
  /** False trusts whoever answers: for tests only. @default true */
  readonly rejectUnauthorized?: boolean | undefined
}

/** How a requester behaves. Where the platform's `fetch` carries the requests, those that it cannot honour are refused. */
export interface RequesterOptions {
  /** How many connections there may be to one origin, without those that are being closed; requests beyond wait. @default 256 */
  readonly maxConnections?: number | undefined
  /** How long it may take to connect, TLS included, in milliseconds. @default 2_000 */
  readonly connectTimeoutMs?: number | undefined
  /** How long it may take until the headers of a reply are here, in milliseconds. @default Infinity: whoever waits has a deadline */
  readonly headersTimeoutMs?: number | undefined
  /** How long an idle connection is kept, in milliseconds, unless the server's Keep-Alive says for how long it keeps it. @default 4_000, below the 5 s of many servers */
  readonly keepAliveMs?: number | undefined
  /** After how long a connection takes no new request, in milliseconds, so that changes of names and new instances are seen. @default 300_000 */
  readonly maxConnectionAgeMs?: number | undefined
  /** The largest body that `request` takes, in bytes. @default 4_194_304 */
  readonly maxReplyBytes?: number | undefined
  /** For origins with `https:`. @default what the runtime trusts */
  readonly tls?: RequesterTls | undefined
  /** The Unix socket that all connections go to, whatever the host. @default none */
  readonly socketPath?: string | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}

/** Options in their legal ranges. */
export interface CheckedRequesterOptions {
  readonly maxConnections: number
  readonly connectTimeoutMs: number
  readonly headersTimeoutMs: number
  readonly keepAliveMs: number
  readonly maxConnectionAgeMs: number
  readonly maxReplyBytes: number
  readonly tls: RequesterTls | undefined
  readonly socketPath: string | undefined
  readonly clock: Clock
  /** As they were given: what is not honoured is refused only then. */
  readonly given: RequesterOptions
}

/** Puts defaults where nothing was given. Throws a RangeError or TypeError that names the option. */
export function checkedRequesterOptions(given: RequesterOptions = {}): CheckedRequesterOptions {
  const { tls, socketPath } = given
  if (socketPath !== undefined && (typeof socketPath !== 'string' || socketPath === ''))
    throw new TypeError('socketPath must be the path of a Unix socket')
  if (tls !== undefined) checkTls(tls)
  return {
    maxConnections: checkNumber('maxConnections', given.maxConnections ?? 256, { min: 1, integer: true }),
    connectTimeoutMs: checkNumber('connectTimeoutMs', given.connectTimeoutMs ?? 2_000, { min: 1 }),
    headersTimeoutMs: checkNumber('headersTimeoutMs', given.headersTimeoutMs ?? Infinity, { min: 1 }),
    keepAliveMs: checkNumber('keepAliveMs', given.keepAliveMs ?? 4_000, { min: 1, max: 600_000 }),
    maxConnectionAgeMs: checkNumber('maxConnectionAgeMs', given.maxConnectionAgeMs ?? 300_000, { min: 1 }),
    maxReplyBytes: checkReplyBytes(given.maxReplyBytes ?? 4 * 1024 * 1024),
    tls,
    socketPath,
    clock: given.clock ?? systemClock,
    given,
  }
}

/** Throws a RangeError or TypeError unless `maxReplyBytes` is a whole number. */
export function checkReplyBytes(maxReplyBytes: number): number {
  return checkNumber('maxReplyBytes', maxReplyBytes, { min: 0, integer: true })
}

/** Throws a TypeError for what cannot belong together. The PEM is read elsewhere. */
export function checkTls({ cert, key, serverName, rejectUnauthorized }: RequesterTls): void {
  if ((cert === undefined) !== (key === undefined)) throw new TypeError('tls.cert and tls.key must be given together')
  if (serverName !== undefined && typeof serverName !== 'string') throw new TypeError('tls.serverName must be a string')
  if (rejectUnauthorized !== undefined && typeof rejectUnauthorized !== 'boolean')
    throw new TypeError('tls.rejectUnauthorized must be a boolean')
}
