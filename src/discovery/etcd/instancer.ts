// Looks a service up in etcd: all keys below its name are listed once, and watched from that revision on.
import { tell } from '../../core/tell.ts'
import { checkNumber } from '../../primitives/check.ts'
import { type Instancer, type InstancerOptions, instancerFrom } from '../instancer.ts'
import type { LeftOutEvent } from '../left-out-event.ts'
import { listAndWatch } from '../list-and-watch.ts'
import { checkedEtcd, type EtcdConnectionOptions } from './connection.ts'
import { checkService, prefixOf } from './keys.ts'
import { ServiceEntries } from './service-entries.ts'
import { WatchedService } from './watched-service.ts'

export type { Instancer } from '../instancer.ts'
export type { LeftOutEvent } from '../left-out-event.ts'
export type { RequesterTls } from './connection.ts'

/** What is looked up, and how. */
export interface EtcdInstancerOptions extends InstancerOptions, EtcdConnectionOptions {
  /** Its name: what follows `path` in the keys. It has no slash. */
  readonly service: string
  /** How long an answer may take, in milliseconds; at least 1. @default 5_000 */
  readonly timeoutMs?: number | undefined
  /**
   * After how long without a word a watch is begun anew from where it was, in milliseconds; at least 1_000: by that a connection that was cut without a word is
   * noticed. @default 45_000, before the proxies that end what is silent for a minute
   */
  readonly silenceMs?: number | undefined
  /** Told of each value that is no instance, whenever it is read; it is left out. @default nothing */
  readonly onLeftOut?: ((event: LeftOutEvent) => void) | undefined
}

/**
 * Follows the keys `<path>/<service>/<anything>` in etcd 3.4 or later, through its JSON gateway. A value is an instance as `etcdRegistrar` writes it, an
 * address or URL as with Go kit, or what gRPC's naming for etcd puts.
 *
 * With several URLs, all of members of one cluster, a watch that breaks off goes on at the next member from where it was. What was compacted meanwhile is
 * listed again. Throws a TypeError or RangeError for an option that makes no sense.
 */
export function etcdInstancer(options: EtcdInstancerOptions): Instancer {
  const { onLeftOut } = options
  const checked = checkedEtcd(options)
  const { name, clock } = checked.service
  const prefix = prefixOf(checked.path, checkService(options.service))
  const timeoutMs = checkNumber('timeoutMs', options.timeoutMs ?? 5_000, { min: 1, max: 2 ** 31 - 1 })
  const silenceMs = checkNumber('silenceMs', options.silenceMs ?? 45_000, { min: 1_000, max: 2 ** 31 - 1 })
  const lookup = `${options.service} in ${name}`
  const open = () => {
    const entries = new ServiceEntries(prefix, lookup, (event) => tell(onLeftOut, event))
    return new WatchedService(checked, { prefix, entries, timeoutMs })
  }
  return instancerFrom(lookup, listAndWatch(open, { name, clock, silenceMs, whenSilent: 'watch on' }), options)
}
