// Tests of memory.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { variables } from '../expvar/variables.ts'
import { registry } from '../registry.ts'
import { memory } from './memory.ts'

describe('memory', () => {
  it('tells what the process takes, and what of it JavaScript does', () => {
    const metrics = registry()
    memory(metrics, () => ({ rss: 100, heapTotal: 50, heapUsed: 40, external: 20, arrayBuffers: 10 })).read()
    assert.deepEqual(Object.fromEntries(variables(metrics.collect())), {
      'process.memory.usage': 100,
      'process.memory.heap.used': 40,
      'process.memory.heap.size': 50,
      'process.memory.external': 20,
      'process.memory.array_buffers': 10,
    })
  })

  it('is of this process', () => {
    const metrics = registry()
    memory(metrics).read()
    const seen = Object.fromEntries(variables(metrics.collect()))
    assert.ok(Number(seen['process.memory.usage']) > Number(seen['process.memory.heap.used']))
    assert.ok(Number(seen['process.memory.heap.used']) > 1e6)
  })
})
