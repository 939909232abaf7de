// Tests of garbage-collection.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { manualClock } from '../../testing/manual-clock.ts'
import { registry } from '../registry.ts'
import { type GcEntry, garbageCollection } from './garbage-collection.ts'

function collections() {
  const metrics = registry()
  let pending: GcEntry[] = []
  let listener: ((entries: readonly GcEntry[]) => void) | undefined
  const source = {
    kinds: new Map<unknown, string>([
      [1, 'minor'],
      [4, 'major'],
    ]),
    observe(listen: (entries: readonly GcEntry[]) => void) {
      listener = listen
      return {
        takeRecords: () => pending.splice(0),
        disconnect: () => {
          listener = undefined
        },
      }
    },
  }
  return {
    part: garbageCollection(metrics, source),
    collect: (ms: number, detail: unknown) => pending.push({ duration: ms, detail }),
    notify() {
      listener?.(pending)
      pending = []
    },
    get isObserving() {
      return listener !== undefined
    },
    get seen() {
      const [family] = metrics.collect()
      assert.ok(family?.kind === 'histogram')
      return family.series.map(({ values, count, sum }) => [...values, count, sum])
    },
  }
}

describe('garbageCollection', () => {
  it('counts collections by kind, with how long they took', () => {
    const gc = collections()
    gc.collect(500, { kind: 4 })
    gc.collect(250, { kind: 1 })
    gc.collect(125, { kind: 1 })
    gc.notify()
    assert.deepEqual(gc.seen, [
      ['major', 1, 0.5],
      ['minor', 2, 0.375],
    ])
  })

  it('counts those that nobody was told of yet when it is read, once', () => {
    const gc = collections()
    gc.collect(500, { kind: 4 })
    gc.part?.read()
    gc.part?.read()
    gc.notify()
    assert.deepEqual(gc.seen, [['major', 1, 0.5]])
  })

  it('counts kinds that it does not know together', () => {
    const gc = collections()
    for (const detail of [{ kind: 99 }, {}, undefined]) gc.collect(0, detail)
    gc.part?.read()
    assert.deepEqual(gc.seen, [['other', 3, 0]])
  })

  it('hears of those of this process', async () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const metrics = registry()
    const part = garbageCollection(metrics)
    gc()
    // Node tells of a collection in the next turn of the event loop.
    await manualClock().settle()
    part?.read()
    part?.stop?.()
    const [family] = metrics.collect()
    assert.ok(family?.kind === 'histogram')
    const major = family.series.find(({ values }) => values[0] === 'major')
    assert.ok(major !== undefined && major.count >= 1 && major.sum > 0 && major.sum < 5)
  })

  it('observes until it is stopped', () => {
    const gc = collections()
    assert.ok(gc.isObserving)
    gc.part?.stop?.()
    assert.ok(!gc.isObserving)
  })

  it('is no part where the runtime has none', () => {
    const metrics = registry()
    assert.equal(garbageCollection(metrics, null), undefined)
    assert.deepEqual(metrics.collect(), [])
  })
})
