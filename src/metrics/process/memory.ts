// Memory: what the process takes, and what of it JavaScript does.
import type { Metrics } from '../metrics.ts'
import type { Part } from './part.ts'

/** What the runtime tells of its memory, in bytes. */
export type MemorySource = () => NodeJS.MemoryUsage

/** Measures memory; that of the whole process with the name of OpenTelemetry. */
export function memory(metrics: Metrics, source: MemorySource = () => process.memoryUsage()): Part {
  const gauge = (name: string, help: string) =>
    metrics.gauge({ name, unit: 'bytes', help: `${help} May be summed over hosts.` })
  const rss = gauge('process.memory.usage', 'Memory of the machine that the process takes.')
  const used = gauge('process.memory.heap.used', 'What lies on the heap of JavaScript, garbage included.')
  const size = gauge('process.memory.heap.size', 'Memory that is set aside for the heap of JavaScript.')
  const external = gauge('process.memory.external', 'Memory outside of the heap that lives as long as objects on it.')
  const buffers = gauge('process.memory.array_buffers', 'What of the external memory is in buffers.')
  return {
    read() {
      const memory = source()
      rss.set(memory.rss)
      used.set(memory.heapUsed)
      size.set(memory.heapTotal)
      external.set(memory.external)
      buffers.set(memory.arrayBuffers)
    },
  }
}
