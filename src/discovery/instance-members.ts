// What of an object counts where instances are kept as JSON: in etcd, in ZooKeeper.
import type { Instance } from './instance.ts'

/** The members of an instance that are there, and nothing that others have beside them. They are not checked. */
export function instanceMembers(members: Partial<Instance>): Partial<Instance> {
  const { id, address, weight, priority, zone, tags, metadata } = members
  const all = Object.entries({ id, address, weight, priority, zone, tags, metadata })
  return Object.fromEntries(all.filter(([, value]) => value !== undefined))
}
