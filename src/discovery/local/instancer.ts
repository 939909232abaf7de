// Instances that are announced in a folder: the registry of one machine, or of some that share a disk, without a server.
import { systemClock } from '../../core/clock.ts'
import { checkNumber } from '../../primitives/check.ts'
import { type Instance, type Instancer, type InstancerOptions, instancerFrom } from '../instancer.ts'
import { Changes } from './changes.ts'
import { defaultFolder, isAbout, prepareFolder, serviceFolder } from './folder.ts'
import { FolderWatch } from './folder-watch.ts'
import { type BadLeaseEvent, Sightings } from './sightings.ts'

export type { Instance, Instancer, InstancerErrorEvent, InstanceSet, InstancesChangeEvent } from '../instancer.ts'
export type { BadLeaseEvent } from './sightings.ts'

/** Which service is looked up, and where. */
export interface LocalInstancerOptions extends InstancerOptions {
  /** The name it is announced by. */
  readonly service: string
  /** Where the registry is; created when it is not there. @default `servicekit-` and the user's id, below os.tmpdir(): for this user alone */
  readonly folder?: string | undefined
  /** How often all is looked at, in milliseconds, from 10: what the system tells of is seen at once, the end of a process or of a lease by this. @default 1_000 */
  readonly pollMs?: number | undefined
  /** Told of each file that is left out, once for each reason; the others count. @default nothing */
  readonly onBadLease?: ((event: BadLeaseEvent) => void) | undefined
}

/**
 * Looks a service up among the leases in a folder, as `localRegistrar` writes them. An instance is there while its lease is renewed and, on
 * this host, its process lives. Throws a TypeError or RangeError for an option that makes no sense.
 */
export function localInstancer(options: LocalInstancerOptions): Instancer {
  const { service, folder: root = defaultFolder(), clock = systemClock, onBadLease } = options
  if (typeof service !== 'string' || service === '') throw new TypeError('service must be a text')
  if (typeof root !== 'string' || root === '') throw new TypeError('folder must be the path of a folder')
  const pollMs = checkNumber('pollMs', options.pollMs ?? 1_000, { min: 10, max: 3_600_000 })
  const folder = serviceFolder(root, service)

  async function* source(signal: AbortSignal): AsyncGenerator<readonly Instance[]> {
    let wasThere = await isThere(root, service)
    let found: readonly Instance[] = []
    const changes = new Changes(clock)
    using watch = new FolderWatch(folder, (name) => changes.add(name))
    const sightings = new Sightings({ root, folder, service, clock, pollMs, onBadLease })
    let names: ReadonlySet<string> | undefined
    let pollAt = 0
    while (!signal.aborted) {
      // Before all is looked at, so that nothing happens in between unheard.
      if (names === undefined) {
        watch.begin()
        pollAt = clock.now() + pollMs
      }
      try {
        found = await sightings.look(names)
        wasThere = true
      } catch (thrown) {
        // Who may not make the folder waits for it. One that was there is lost, like the memory of a registry.
        if (!isAbout(thrown, 'absence') || wasThere) throw thrown
      }
      yield found
      names = await changes.take(pollAt, signal)
    }
  }

  return instancerFrom(`${service} in the local registry at ${root}`, source, options)
}

/** Makes the folder, so that it can be watched before anybody announces; who may not make it waits until somebody has. */
async function isThere(root: string, service: string): Promise<boolean> {
  try {
    await prepareFolder(root, service)
    return true
  } catch (thrown) {
    if (isAbout(thrown, 'permission')) return false
    throw thrown
  }
}
