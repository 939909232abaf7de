// Instancer of a fixed list: for what a program is configured with, and for tests.
import { fixedInstances } from '../fixed-instances.ts'
import { checkInstance, type Instance, inOrder, instanceAt, sameInstance } from '../instance.ts'
import { type Instancer, type InstancerOptions, instancerFrom } from '../instancer.ts'

export type { Instance, Instancer } from '../instancer.ts'

/** What an instancer of a fixed list can be told: nothing of registries that fail. */
export type StaticInstancerOptions = Pick<InstancerOptions, 'clock' | 'onChange'>

/**
 * Looks up nothing: these are the instances, whatever becomes of them. A text is an address, `host:port`, and the instance's id too. Throws a TypeError or
 * RangeError, which names the place in the list, for what makes no sense, and for two instances of one id that are not the same.
 */
export function staticInstancer(
  instances: readonly (string | Instance)[],
  options: StaticInstancerOptions = {},
): Instancer {
  const known = checked(instances)
  return instancerFrom(`static list of ${known.length}`, fixedInstances(known), options)
}

function checked(instances: readonly (string | Instance)[]): readonly Instance[] {
  if (!Array.isArray(instances)) throw new TypeError('instances must be a list')
  const byId = new Map<string, Instance>()
  for (const [at, given] of instances.entries()) {
    const instance = atPlace(at, () => (typeof given === 'string' ? instanceAt(given) : checkInstance(given)))
    const known = byId.get(instance.id) ?? instance
    if (!sameInstance(known, instance))
      throw new TypeError(`instances[${at}] has the id of another one, ${JSON.stringify(instance.id)}`)
    byId.set(instance.id, known)
  }
  return inOrder([...byId.values()])
}

/** Says which one of the list makes no sense. */
function atPlace<T>(at: number, check: () => T): T {
  try {
    return check()
  } catch (thrown) {
    if (thrown instanceof Error) thrown.message = `instances[${at}]: ${thrown.message}`
    throw thrown
  }
}
