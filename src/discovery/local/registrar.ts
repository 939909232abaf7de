// Announces instances in a folder, each by a file that is touched for as long as its process lives.
import { join } from 'node:path'
import { systemClock } from '../../core/clock.ts'
import { checkNumber } from '../../primitives/check.ts'
import { type Random, systemRandom } from '../../primitives/random.ts'
import { type Announce, type Registrar, type RegistrarOptions, registrarFrom } from '../registrar.ts'
import { defaultFolder, folderError, prepareFolder, serviceFolder } from './folder.ts'
import { leaseText, longestLeaseMs } from './lease.ts'
import { leaseFileName, removeLease, renewLease, writeLease } from './lease-file.ts'
import { thisOwner } from './owner.ts'

export type { Instance, Registrar, RegistrarErrorEvent, Registration, RegistrationChangeEvent } from '../registrar.ts'

/** Where instances are announced, and for how long at a time. */
export interface LocalRegistrarOptions extends RegistrarOptions {
  /** Where the registry is; created when it is not there. @default `servicekit-` and the user's id, below os.tmpdir(): for this user alone */
  readonly folder?: string | undefined
  /**
   * How long an instance that no longer renews its lease is still there, in milliseconds, from 100 to a day; the end of its process is
   * seen earlier on the same host. @default 5_000
   */
  readonly leaseMs?: number | undefined
  /** How often a lease is renewed, in milliseconds; at least 20, at most half of `leaseMs`. @default a fifth of `leaseMs` */
  readonly heartbeatMs?: number | undefined
  /** What makes the names of files differ. @default systemRandom */
  readonly random?: Random | undefined
}

/**
 * Announces instances to who looks in the same folder. A process that ends without taking them back is found out: at once on this host,
 * elsewhere when its leases run out. Throws a TypeError or RangeError for an option that makes no sense.
 */
export function localRegistrar(options: LocalRegistrarOptions = {}): Registrar {
  const { folder: root = defaultFolder(), clock = systemClock, random = systemRandom } = options
  if (typeof root !== 'string' || root === '') throw new TypeError('folder must be the path of a folder')
  const leaseMs = checkNumber('leaseMs', options.leaseMs ?? 5_000, { min: 100, max: longestLeaseMs })
  const renewEveryMs = checkNumber('heartbeatMs', options.heartbeatMs ?? leaseMs / 5, { min: 20, max: leaseMs / 2 })
  const owner = thisOwner()

  // Files that could not be renewed, although they may be there: nobody else would take them back.
  const givenUp = new Set<string>()
  let announcedAt = 0

  const announce: Announce = async (service, instance, signal) => {
    // Of two in the same millisecond the later one counts, too.
    announcedAt = Math.max(clock.wallNow(), announcedAt + 1)
    const text = leaseText({ service, instance, owner, leaseMs, announcedAt })
    const folder = serviceFolder(root, service)
    const name = leaseFileName(instance.id, random)
    const path = join(folder, name)
    await prepareFolder(root, service)
    await ask(root, writeLease(folder, name, text, clock.wallNow()))
    // Nobody waits for it any more, and so nobody would take it back.
    if (signal.aborted) await removeLease(path)
    for (const each of givenUp) if (givenUp.delete(each)) await removeLease(each).catch(() => {})
    return {
      renewEveryMs,
      async renew(renewing) {
        // A request's signal is aborted when it is over: also that of one which failed, or takes too long.
        const giveUp = () => givenUp.add(path)
        renewing.addEventListener('abort', giveUp)
        await ask(root, renewLease(path, clock.wallNow()))
        renewing.removeEventListener('abort', giveUp)
      },
      withdraw: () => ask(root, removeLease(path)),
    }
  }

  return registrarFrom(`the local registry at ${root}`, announce, options)
}

async function ask(root: string, request: Promise<void>): Promise<void> {
  try {
    await request
  } catch (thrown) {
    throw folderError(root, thrown)
  }
}
