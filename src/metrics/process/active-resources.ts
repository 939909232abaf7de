// Active resources: what holds the process, like sockets, timers and requests to the system.
import type { Metrics } from '../metrics.ts'
import type { Part } from './part.ts'

/** What the runtime tells: the type of each resource. */
export type ResourceSource = () => readonly string[]

/** Measures what holds the process, with the name of OpenTelemetry. */
export function activeResources(
  metrics: Metrics,
  source: ResourceSource = () => process.getActiveResourcesInfo(),
): Part {
  const active = metrics.gauge({
    name: 'v8js.resource.active',
    labels: ['v8js.resource.type'],
    help: 'Sockets, timers and other resources that hold the process, by type. May be summed over hosts.',
  })
  const counts = new Map<string, number>()
  return {
    read() {
      // A type that is gone is 0: a series that ended would look like a process that did.
      for (const type of counts.keys()) counts.set(type, 0)
      for (const type of source()) counts.set(type, (counts.get(type) ?? 0) + 1)
      for (const [type, count] of counts) active.with({ 'v8js.resource.type': type }).set(count)
    },
  }
}
