// One set of all slices of a service: each process once, from the best of the places where it is.
import { ServiceError } from '../../core/errors.ts'
import type { Instance } from '../instance.ts'
import type { KnownInstance, KnownSlice } from './known-slice.ts'

/**
 * A process is in two slices while it moves from one to the other, where its service has IPv4 and IPv6, and where a pod came back under the name of one
 * that ends. What cannot be called is left out, unless there is nothing else: then a ServiceError is thrown, for one bad slice must not hide the rest.
 */
export function mergedInstances(slices: Iterable<KnownSlice>): readonly Instance[] {
  const best = new Map<string, KnownInstance>()
  let flaw: Error | undefined
  for (const slice of slices) {
    flaw ??= slice.flaw
    for (const found of slice.instances) {
      const known = best.get(found.instance.id)
      if (known === undefined || isBetter(found, known)) best.set(found.instance.id, found)
    }
  }
  if (best.size === 0 && flaw !== undefined)
    throw new ServiceError('failed_precondition', `no endpoint can be called: ${flaw.message}`, { cause: flaw })
  return Array.from(best.values(), ({ instance }) => instance)
}

/** Of equals the same one for everybody, whatever came first. */
function isBetter(one: KnownInstance, other: KnownInstance): boolean {
  return one.rank === other.rank ? one.instance.address < other.instance.address : one.rank < other.rank
}
