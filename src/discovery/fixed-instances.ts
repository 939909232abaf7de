// fixedInstances: the source of a set that never changes.
import type { Instance } from './instance.ts'
import type { InstanceSource } from './instance-watch.ts'

/** Says once who there is, and nothing more until it is stopped. */
export function fixedInstances(instances: readonly Instance[]): InstanceSource {
  return async function* (signal) {
    yield instances
    const stopped = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => stopped.resolve(), { once: true })
    if (!signal.aborted) await stopped.promise
  }
}
