// Tests of heap-spaces.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { variables } from '../expvar/variables.ts'
import { registry } from '../registry.ts'
import { heapSpaces } from './heap-spaces.ts'

describe('heapSpaces', () => {
  it('tells of each space what is used, set aside and free, and how large the heap may become', () => {
    const metrics = registry()
    const source = {
      getHeapStatistics: () => ({ heap_size_limit: 1_000 }),
      getHeapSpaceStatistics: () => [
        { space_name: 'new_space', space_size: 100, space_used_size: 40, space_available_size: 60 },
        { space_name: 'old_space', space_size: 200, space_used_size: 150, space_available_size: 30 },
      ],
    }
    heapSpaces(metrics, source)?.read()
    const spaces = (young: number, old: number) => ({
      'v8js.heap.space.name=new_space': young,
      'v8js.heap.space.name=old_space': old,
    })
    assert.deepEqual(Object.fromEntries(variables(metrics.collect())), {
      'v8js.memory.heap.used': spaces(40, 150),
      'v8js.memory.heap.space.size': spaces(100, 200),
      'v8js.memory.heap.space.available_size': spaces(60, 30),
      'process.memory.heap.limit': 1_000,
    })
  })

  it('leaves a space out until it is used, and then shows it empty too', () => {
    const metrics = registry()
    let size = 0
    const part = heapSpaces(metrics, {
      getHeapStatistics: () => ({ heap_size_limit: 1_000 }),
      getHeapSpaceStatistics: () => [
        { space_name: 'shared_space', space_size: size, space_used_size: size, space_available_size: 0 },
      ],
    })
    const seen = [0, 5, 0].map((next) => {
      size = next
      part?.read()
      return Object.fromEntries(variables(metrics.collect()))['v8js.memory.heap.used']
    })
    const name = 'v8js.heap.space.name=shared_space'
    assert.deepEqual(seen, [{}, { [name]: 5 }, { [name]: 0 }])
  })

  it('is of this process', () => {
    const metrics = registry()
    heapSpaces(metrics)?.read()
    const used = Object.fromEntries(variables(metrics.collect()))['v8js.memory.heap.used']
    assert.ok(Number((used as Record<string, number>)['v8js.heap.space.name=old_space']) > 0)
  })

  it('is no part where there is no V8', () => {
    const metrics = registry()
    assert.equal(heapSpaces(metrics, null), undefined)
    assert.deepEqual(metrics.collect(), [])
  })
})
