// Which ZooKeeper is asked, and how: what instancer and registrar have in common.
import type { SecureContext } from 'node:tls'
import { type Clock, systemClock } from '../../core/clock.ts'
import { checkTls, type RequesterTls } from '../../platform/requester-options.ts'
import { secureContext } from '../../platform/secure-context.ts'
import { checkNumber } from '../../primitives/check.ts'
import { type Random, systemRandom } from '../../primitives/random.ts'
import { below, checkPath } from './node-name.ts'
import { ServerTurns, serverList } from './server-list.ts'
import type { DigestUser } from './session-ticket.ts'

export type { RequesterTls } from '../../platform/requester-options.ts'

/** Which servers are asked, and as whom. */
export interface ZookeeperConnectionOptions {
  /**
   * The servers of one ensemble as `host:port,host:port/chroot`, or in a list; the port is 2181 unless it is given. They are tried in an order of chance,
   * one after the other. @default 127.0.0.1:2181
   */
  readonly servers?: string | readonly string[] | undefined
  /** The node that all paths begin at; may be given with `servers` as well. @default / */
  readonly chroot?: string | undefined
  /** The node below which each service has one. @default /services, where Curator and Spring have theirs */
  readonly path?: string | undefined
  /** Who we are, by ZooKeeper's scheme `digest`; without a colon. Goes with `password`. @default nobody */
  readonly user?: string | undefined
  /** That of `user`. Is never shown. @default none */
  readonly password?: string | undefined
  /** Encrypts: for the `secureClientPort` of servers. @default none: not encrypted */
  readonly tls?: RequesterTls | undefined
  /**
   * After how long without a word from us the ensemble forgets us, in milliseconds, from 100 to a day; servers have limits of their own, by default from
   * 2 to 20 of their ticks (4_000 to 40_000). Heart-beats come three times as often. @default 10_000
   */
  readonly sessionTimeoutMs?: number | undefined
  /** How long one server has until it has granted a session, in milliseconds; at least 1. @default 2_000 */
  readonly connectTimeoutMs?: number | undefined
  /** The largest packet that is sent and taken, in bytes, from 1_024: servers' `jute.maxbuffer`. @default 1_048_575 */
  readonly maxPacketBytes?: number | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
  /** For the order of the servers. @default systemRandom */
  readonly random?: Random | undefined
}

/** Options in their legal ranges. */
export interface CheckedConnection {
  /** `zookeeper at host:2181`. */
  readonly name: string
  readonly servers: ServerTurns
  /** The node below which each service has one, with the chroot. */
  readonly path: string
  readonly auth: DigestUser | undefined
  readonly tls: RequesterTls | undefined
  readonly secureContext: SecureContext | undefined
  readonly sessionTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly maxPacketBytes: number
  readonly clock: Clock
  readonly random: Random
}

const longestMs = 2 ** 31 - 1

/** Puts defaults where nothing was given. Throws a TypeError or RangeError that names the option. */
export function checkedConnection(options: ZookeeperConnectionOptions): CheckedConnection {
  const { tls, clock = systemClock, random = systemRandom } = options
  const { servers, chroot } = serverList(options.servers ?? '127.0.0.1:2181')
  if (chroot !== '/' && options.chroot !== undefined)
    throw new TypeError('chroot must be given by itself or with servers, and not by both')
  const root = checkPath('chroot', options.chroot ?? chroot)
  if (tls !== undefined) checkTls(tls)
  return {
    name: `zookeeper at ${servers.map(({ text }) => text).join(',')}${root === '/' ? '' : root}`,
    servers: new ServerTurns(servers, random),
    path: below(root, checkPath('path', options.path ?? '/services')),
    auth: checkedUser(options),
    tls,
    secureContext: tls === undefined ? undefined : secureContext(tls),
    sessionTimeoutMs: checkNumber('sessionTimeoutMs', options.sessionTimeoutMs ?? 10_000, {
      min: 100,
      max: 86_400_000,
      integer: true,
    }),
    connectTimeoutMs: checkNumber('connectTimeoutMs', options.connectTimeoutMs ?? 2_000, { min: 1, max: longestMs }),
    maxPacketBytes: checkNumber('maxPacketBytes', options.maxPacketBytes ?? 0xf_ffff, {
      min: 1_024,
      max: longestMs,
      integer: true,
    }),
    clock,
    random,
  }
}

function checkedUser({ user, password }: ZookeeperConnectionOptions): DigestUser | undefined {
  if ((user === undefined) !== (password === undefined)) throw new TypeError('user and password must be given together')
  if (user === undefined || password === undefined) return undefined
  // Without the values: one is a secret.
  if (typeof user !== 'string' || user === '' || user.includes(':') || typeof password !== 'string')
    throw new TypeError('user and password must be texts, the user without a colon')
  return { user, password }
}
