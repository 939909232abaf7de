// What a Eureka says of an application, as instances.
import { addressOf, type Instance } from '../instance.ts'
import { numberIn } from '../number-in.ts'
import { usableInstances } from '../usable-instances.ts'
import type { InstanceInfo } from './instance-info.ts'
import { tagsIn } from './tags.ts'

/** What is wanted of an application's instances. */
export interface WantedInstances {
  readonly upOnly: boolean
  readonly secure: boolean
  readonly address: 'ip' | 'host'
}

/** Makes instances of what a registry says. It gives the same object for what has not changed. */
export function instancesFrom(
  wanted: WantedInstances,
): (infos: readonly InstanceInfo[], name: string) => readonly Instance[] {
  const made = new WeakMap<InstanceInfo, Instance>()
  const instanceFor = (info: InstanceInfo) => {
    const instance = made.get(info) ?? instanceOf(info, wanted)
    made.set(info, instance)
    return instance
  }
  return (infos, name) => {
    const counted = wanted.upOnly ? infos.filter(({ status }) => status === 'UP') : infos
    return usableInstances(counted, instanceFor, `instances of ${name}`)
  }
}

function instanceOf(info: InstanceInfo, { secure, address }: WantedInstances): Instance {
  const { zone = info.amazonZone, priority, weight, tags, ...metadata } = info.metadata
  const [first, second] = address === 'ip' ? [info.ipAddr, info.hostName] : [info.hostName, info.ipAddr]
  const isUp = info.status === 'UP'
  return {
    id: info.id,
    address: addressOf(first || second, (secure ? info.securePort : info.port) ?? 0),
    ...(isUp ? optional('weight', numberIn(weight)) : { weight: 0 }),
    ...optional('priority', numberIn(priority)),
    ...optional('zone', zone),
    ...optional('tags', tags === undefined ? undefined : tagsIn(tags)),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  }
}

const optional = <Value>(member: string, value: Value | undefined): { readonly [member: string]: Value } =>
  value === undefined ? {} : { [member]: value }
