// What a Eureka says of an application, as instances.
import { addressOf, checkInstance, type Instance } from '../instance.ts'
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
    const instance = made.get(info) ?? checkInstance(instanceOf(info, wanted))
    made.set(info, instance)
    return instance
  }
  return (infos, name) => {
    const counted = wanted.upOnly ? infos.filter(({ status }) => status === 'UP') : infos
    const instances: Instance[] = []
    let flaw: unknown
    for (const info of counted) {
      try {
        instances.push(instanceFor(info))
      } catch (thrown) {
        flaw = thrown
      }
    }
    // One that was registered badly must not hide the rest; where there is no rest, somebody must hear of it.
    if (instances.length === 0 && flaw !== undefined)
      throw new Error(`none of ${counted.length} instances of ${name} can be called: ${(flaw as Error).message}`)
    return instances
  }
}

function instanceOf(info: InstanceInfo, { secure, address }: WantedInstances): Instance {
  const { zone = info.amazonZone, priority, weight, tags, ...metadata } = info.metadata
  const [first, second] = address === 'ip' ? [info.ipAddr, info.hostName] : [info.hostName, info.ipAddr]
  const isUp = info.status === 'UP'
  return {
    id: info.id,
    address: addressOf(first || second, (secure ? info.securePort : info.port) ?? 0),
    ...(isUp ? optional('weight', numberOf(weight)) : { weight: 0 }),
    ...optional('priority', numberOf(priority)),
    ...optional('zone', zone),
    ...optional('tags', tags === undefined ? undefined : tagsIn(tags)),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  }
}

const optional = <Value>(member: string, value: Value | undefined): { readonly [member: string]: Value } =>
  value === undefined ? {} : { [member]: value }

/** What others may have written there for themselves is no number of ours. */
function numberOf(text: string | undefined): number | undefined {
  const isNumber = text !== undefined && /^\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(text)
  return isNumber && Number(text) <= Number.MAX_SAFE_INTEGER ? Number(text) : undefined
}
