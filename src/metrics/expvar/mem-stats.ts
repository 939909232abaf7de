// What Node knows of its memory in the terms of Go's `runtime.MemStats`, as far as the two mean the same by them.
import * as v8 from 'node:v8'

/** Some fields of Go's `runtime.MemStats`, all in bytes. What V8 does not know, like idle spans and stacks, is not among them. */
export interface MemStats {
  /** What lies on the heap: what is in use, and what is not yet collected. */
  readonly Alloc: number
  /** What was ever put on the heap, the collected included; undefined where V8 does not count it. */
  readonly TotalAlloc: number | undefined
  /** What V8 holds of the system's memory: for its heap, for itself, and for buffers outside of the heap. */
  readonly Sys: number
  /** The same as `Alloc`, as in Go. */
  readonly HeapAlloc: number
  /** What V8 holds of the system's memory for its heap. */
  readonly HeapSys: number
}

/** What the runtime tells; `total_allocated_bytes` came with Node 26. */
type HeapStatistics = Pick<
  v8.HeapInfo,
  'used_heap_size' | 'total_heap_size' | 'malloced_memory' | 'external_memory'
> & { readonly total_allocated_bytes?: number | undefined }

/** Reads the memory of this process; undefined where the runtime does not tell. */
export function memStats(read: () => HeapStatistics = v8.getHeapStatistics): MemStats | undefined {
  try {
    const heap = read()
    return {
      Alloc: heap.used_heap_size,
      TotalAlloc: heap.total_allocated_bytes,
      Sys: heap.total_heap_size + heap.malloced_memory + heap.external_memory,
      HeapAlloc: heap.used_heap_size,
      HeapSys: heap.total_heap_size,
    }
  } catch {
    return undefined
  }
}
