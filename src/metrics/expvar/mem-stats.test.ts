// Tests of mem-stats.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { memStats } from './mem-stats.ts'

describe('memStats', () => {
  it('gives what V8 says in the words of Go', () => {
    const heap = { used_heap_size: 1, total_heap_size: 10, malloced_memory: 100, external_memory: 1_000 }
    assert.deepEqual(
      memStats(() => ({ ...heap, total_allocated_bytes: 5 })),
      {
        Alloc: 1,
        TotalAlloc: 5,
        Sys: 1_110,
        HeapAlloc: 1,
        HeapSys: 10,
      },
    )
    assert.equal(memStats(() => heap)?.TotalAlloc, undefined)
  })

  it('is of this process', () => {
    const stats = memStats()
    assert.ok(stats !== undefined)
    assert.ok(stats.Alloc > 1e6 && stats.HeapSys >= stats.HeapAlloc && stats.Sys >= stats.HeapSys)
    assert.ok(stats.TotalAlloc === undefined || stats.TotalAlloc >= stats.Alloc)
  })

  it('is undefined where the runtime does not tell', () => {
    const stats = memStats(() => {
      throw new Error('not implemented')
    })
    assert.equal(stats, undefined)
  })
})
