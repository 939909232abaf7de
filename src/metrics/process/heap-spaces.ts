// The heap of V8: its spaces, and how large it may become.
import * as v8 from 'node:v8'
import { runtime } from '../../platform/runtime.ts'
import type { Metrics } from '../metrics.ts'
import type { Part } from './part.ts'

/** What V8 tells of its heap, in bytes. */
export interface HeapSource {
  getHeapSpaceStatistics(): readonly Pick<
    v8.HeapSpaceInfo,
    'space_name' | 'space_size' | 'space_used_size' | 'space_available_size'
  >[]
  getHeapStatistics(): Pick<v8.HeapInfo, 'heap_size_limit'>
}

/** Bun has these functions, but no V8. */
function runtimesOwn(): HeapSource | null {
  return runtime().name === 'bun' ? null : v8
}

/** Measures the heap, its spaces with the names of OpenTelemetry, unless the source is null. */
export function heapSpaces(metrics: Metrics, source: HeapSource | null = runtimesOwn()): Part | undefined {
  if (source === null) return undefined
  const gauge = (name: string, help: string) =>
    metrics.gauge({
      name,
      unit: 'bytes',
      labels: ['v8js.heap.space.name'],
      help: `${help}, by space. May be summed over hosts.`,
    })
  const used = gauge('v8js.memory.heap.used', 'What lies on the heap, garbage included')
  const size = gauge('v8js.memory.heap.space.size', 'Memory that is set aside for the heap')
  const available = gauge('v8js.memory.heap.space.available_size', 'What of the memory for the heap is free')
  const limit = metrics.gauge({
    name: 'process.memory.heap.limit',
    unit: 'bytes',
    help: 'Host-local: how large the heap may become before the process ends for want of memory.',
  })
  // Of some thirteen spaces half are for what hardly any program does.
  const inUse = new Set<string>()
  return {
    read() {
      limit.set(source.getHeapStatistics().heap_size_limit)
      for (const space of source.getHeapSpaceStatistics()) {
        if (space.space_size > 0) inUse.add(space.space_name)
        else if (!inUse.has(space.space_name)) continue
        const labels = { 'v8js.heap.space.name': space.space_name }
        used.with(labels).set(space.space_used_size)
        size.with(labels).set(space.space_size)
        available.with(labels).set(space.space_available_size)
      }
    },
  }
}
