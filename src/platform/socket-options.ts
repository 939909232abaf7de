// The options of a socket: their defaults, and their checks.
import { lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type { SecureContext } from 'node:tls'
import { type Clock, systemClock } from '../core/clock.ts'
import { checkNumber } from '../primitives/check.ts'
import { type Random, systemRandom } from '../primitives/random.ts'
import { checkTls, type RequesterTls } from './requester-options.ts'
import { secureContext } from './secure-context.ts'

/** What went wrong with a socket. */
export interface SocketFailure {
  /** The address as it was given. */
  readonly address: string
  /** Its message says address and reason; its cause is the error of the platform. */
  readonly error: Error
}

/** How a socket behaves. It reconnects after 1 s, then 1.6 times as long each time, up to 120 s, with a jitter of 0.2. */
export interface SocketOptions {
  /** Encrypts a connection to `tcp://`; `{}` trusts what the runtime trusts. @default none: not encrypted */
  readonly tls?: RequesterTls | undefined
  /** How long it may take to connect, names and TLS included, in milliseconds. @default 5_000 */
  readonly connectTimeoutMs?: number | undefined
  /** How long a stream may leave one chunk untaken, in milliseconds, until its connection counts as dead. @default 30_000 */
  readonly stallTimeoutMs?: number | undefined
  /** How long `close` waits for what was taken to go out, in milliseconds. @default 1_000 */
  readonly closeTimeoutMs?: number | undefined
  /** How old the address of a name may be when a datagram is sent, in milliseconds, until it is looked up anew. Streams look it up when they connect. @default 60_000 */
  readonly lookupIntervalMs?: number | undefined
  /** Told when it goes down, and then not before it has worked for a while; and once for datagrams that are too long for the way. @default nothing */
  readonly onError?: ((failure: SocketFailure) => void) | undefined
  /** Finds the addresses of a name. @default that of `node:dns` */
  readonly lookup?: LookupFunction | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
  /** For the jitter. @default systemRandom */
  readonly random?: Random | undefined
}

/** Options in their legal ranges. */
export interface CheckedSocketOptions {
  readonly tls: RequesterTls | undefined
  /** Made once: reading certificates takes longer than connecting. */
  readonly secureContext: SecureContext | undefined
  readonly connectTimeoutMs: number
  readonly stallTimeoutMs: number
  readonly closeTimeoutMs: number
  readonly lookupIntervalMs: number
  readonly onError: ((failure: SocketFailure) => void) | undefined
  readonly lookup: LookupFunction
  readonly clock: Clock
  readonly random: Random
}

/** Puts defaults where nothing was given. Throws a RangeError or TypeError that names the option. */
export function checkedSocketOptions(given: SocketOptions): CheckedSocketOptions {
  const { tls } = given
  if (tls !== undefined) checkTls(tls)
  return {
    tls,
    secureContext: tls === undefined ? undefined : secureContext(tls),
    connectTimeoutMs: checkNumber('connectTimeoutMs', given.connectTimeoutMs ?? 5_000, { min: 1 }),
    stallTimeoutMs: checkNumber('stallTimeoutMs', given.stallTimeoutMs ?? 30_000, { min: 1 }),
    closeTimeoutMs: checkNumber('closeTimeoutMs', given.closeTimeoutMs ?? 1_000, { min: 0 }),
    lookupIntervalMs: checkNumber('lookupIntervalMs', given.lookupIntervalMs ?? 60_000, { min: 1 }),
    onError: given.onError,
    lookup: given.lookup ?? lookup,
    clock: given.clock ?? systemClock,
    random: given.random ?? systemRandom,
  }
}
