// Instances of what a registry has, some of which may be none.
import { checkInstance, type Instance } from './instance.ts'

/**
 * The instances of the entries that are some. One that was registered badly must not hide the rest and is left out; where there is no rest, an Error says what is wrong with
 * it, for somebody must hear of it. `what` is what they are, for that: `instances of add`.
 */
export function usableInstances<Entry>(
  entries: readonly Entry[],
  instanceOf: (entry: Entry) => Instance,
  what: string,
): readonly Instance[] {
  const instances: Instance[] = []
  let flaw: unknown
  for (const entry of entries) {
    try {
      instances.push(checkInstance(instanceOf(entry)))
    } catch (thrown) {
      flaw = thrown
    }
  }
  if (instances.length === 0 && flaw !== undefined)
    throw new Error(`none of ${entries.length} ${what} can be called: ${(flaw as Error).message}`)
  return instances
}
