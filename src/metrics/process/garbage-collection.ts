// Garbage collection: how often it ran and how long it took, by kind.
import * as perfHooks from 'node:perf_hooks'
import type { Metrics } from '../metrics.ts'
import type { Part } from './part.ts'

/** What tells of collections: `PerformanceObserver`. */
export interface GcSource {
  /** Which number stands for which kind. */
  readonly kinds: ReadonlyMap<unknown, string>
  /** Calls the listener with each collection, some time after it. */
  observe(listener: (entries: readonly GcEntry[]) => void): GcObserver
}

/** A collection, how long it took in milliseconds. */
export type GcEntry = Pick<perfHooks.PerformanceEntry, 'duration'> & { readonly detail?: unknown }

/** A running observer. */
export interface GcObserver {
  /** Those that the listener was not called with yet, and will not be. */
  takeRecords(): readonly GcEntry[]
  disconnect(): void
}

/** Deno says that it tells of collections, but has no numbers for their kinds. */
function runtimesOwn(): GcSource | null {
  const { PerformanceObserver: Observer, constants } = perfHooks
  if (!Observer?.supportedEntryTypes.includes('gc') || constants?.NODE_PERFORMANCE_GC_MAJOR === undefined) return null
  return {
    kinds: new Map<unknown, string>([
      [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
      // Collects the young, as the usual minor one does, when V8 is told to do so in this way.
      [2, 'minor'],
      [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
      [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
      [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
    ]),
    observe(listener) {
      const observer = new Observer((list) => listener(list.getEntries()))
      observer.observe({ entryTypes: ['gc'] })
      return observer
    },
  }
}

/** Those that OpenTelemetry asks for are among them. */
const buckets = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 10]

/** Measures garbage collection, with the name of OpenTelemetry, unless the source is null. */
export function garbageCollection(metrics: Metrics, source: GcSource | null = runtimesOwn()): Part | undefined {
  if (source === null) return undefined
  const took = metrics.histogram({
    name: 'v8js.gc.duration',
    unit: 'seconds',
    labels: ['v8js.gc.type'],
    buckets,
    help: 'How long garbage collections took: minor, major, incremental, weakcb. May be summed over hosts.',
  })
  const record = (entries: readonly GcEntry[]) => {
    for (const { duration: ms, detail } of entries) {
      const kind = (detail as { readonly kind?: unknown } | undefined)?.kind
      took.with({ 'v8js.gc.type': source.kinds.get(kind) ?? 'other' }).observe(ms / 1e3)
    }
  }
  const observer = source.observe(record)
  return {
    read: () => record(observer.takeRecords()),
    stop: () => observer.disconnect(),
  }
}
