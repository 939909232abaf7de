// Instances of SRV records: which ones they are, and what RFC 2782 means by priority and weight.
import { addressOf, type Instance } from '../instance.ts'
import type { ServiceRecord } from './resource-record.ts'
import type { TargetAddress } from './target-addresses.ts'

/** A record that can be called, with where. */
interface Callable extends ServiceRecord {
  readonly addresses: readonly string[]
}

/** Told why a record gives no instance. */
export type LeaveOut = (record: ServiceRecord, reason: string) => void

/** One instance for each address of each target. A record that makes no sense is left out: the others are no worse for it. */
export function serviceInstances(
  records: readonly ServiceRecord[],
  found: ReadonlyMap<string, TargetAddress>,
  leaveOut: LeaveOut,
): Instance[] {
  const callable: Callable[] = []
  for (const record of distinct(records)) {
    const { addresses, trouble } = found.get(record.target) ?? { addresses: [] }
    if (record.target === '.') {
      // Alone it says that there is decidedly no such service: then it is the whole answer, and nothing is amiss.
      if (records.length > 1) leaveOut(record, 'it says that there is no such service, and is not alone')
    } else if (record.port === 0) leaveOut(record, 'its port is 0')
    else if (addresses.length === 0) leaveOut(record, trouble ?? 'its target has no address')
    else callable.push({ ...record, addresses })
  }
  return [...Map.groupBy(callable, ({ priority }) => priority).values()].flatMap(instancesOf)
}

/** Of those with the same target and port the one that comes first when calls are sent: one process is one instance. */
function distinct(records: readonly ServiceRecord[]): ServiceRecord[] {
  const first = new Map<string, ServiceRecord>()
  for (const record of records.toSorted((a, b) => a.priority - b.priority || b.weight - a.weight)) {
    const key = `${record.target}:${record.port}`
    if (!first.has(key)) first.set(key, record)
  }
  return [...first.values()]
}

/**
 * Those of one priority. Records of weight 0 are for all alike where there are no others; beside others they get "a very small chance":
 * RFC 2782 draws evenly from 0 to the sum of weights, and 0 is theirs, so together they weigh 1.
 */
function instancesOf(records: readonly Callable[]): Instance[] {
  const zeros = records.filter(({ weight }) => weight === 0).length
  const ofZero = zeros === records.length ? 1 : 1 / zeros
  return records.flatMap(({ target, port, priority, weight, addresses }) =>
    addresses.map((host) => {
      const address = addressOf(host, port)
      return {
        id: `${target}:${port}/${host}`,
        address,
        priority,
        // A target with two addresses is drawn once, and then one of them.
        weight: (weight === 0 ? ofZero : weight) / addresses.length,
        metadata: { target },
      }
    }),
  )
}
