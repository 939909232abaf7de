import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { eventually } from '../testing/eventually.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { type Instance, instanceAt } from './instance.ts'
import { type InstanceSource, InstanceWatch } from './instance-watch.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const [a, b] = [instanceAt('a:1'), instanceAt('b:1')]

function setup(source: InstanceSource) {
  const clock = manualClock()
  const told: (readonly Instance[])[] = []
  const failures: [string, number, number][] = []
  const watch = new InstanceWatch(source, {
    clock,
    delayMs: (failed) => 100 * (failed + 1),
    onSnapshot: (instances) => told.push(instances),
    onFailure: (error, count, retryInMs) => failures.push([error.message, count, retryInMs]),
  })
  return { clock, told, failures, watch }
}

describe('InstanceWatch', () => {
  it('tells each snapshot in order, each instance once, until it is stopped, and lets the source clean up', async () => {
    let cleaned = 0
    const { watch, told, failures, clock } = setup(async function* (signal) {
      try {
        yield [b, a, b]
        yield []
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      } finally {
        cleaned++
      }
    })
    const ended = watch.run()
    await clock.advance(0)
    watch.stop()
    await ended
    assert.deepEqual(told, [[a, b], []])
    assert.deepEqual([failures, cleaned, clock.pending], [[], 1, 0])
  })

  it('calls the source again after what is told, longer with each failure in a row, and counts anew after a snapshot', async () => {
    let calls = 0
    const { watch, failures, clock } = setup(async function* () {
      calls++
      if (calls === 3) yield [a]
      throw new Error(`call ${calls}`)
    })
    const ended = watch.run()
    await clock.advance(500)
    assert.deepEqual(failures, [
      ['call 1', 1, 100],
      ['call 2', 2, 200],
      ['call 3', 1, 100],
      ['call 4', 2, 200],
    ])
    watch.stop()
    await ended
    assert.equal(clock.pending, 0)
  })

  it('never begins where it was stopped before, and survives a source that throws at once', async () => {
    let calls = 0
    const { watch } = setup(() => {
      calls++
      throw new Error('at once')
    })
    watch.stop()
    await watch.run()
    assert.equal(calls, 0)
    const other = setup(() => {
      throw 'a text'
    })
    const ended = other.watch.run()
    await other.clock.advance(0)
    assert.deepEqual(other.failures, [['a text', 1, 100]])
    other.watch.stop()
    await ended
  })

  it('keeps nothing of the sets that it has told', async () => {
    const [first, second] = [3_000, 9_000]
    const held: number[] = []
    let told = 0
    const watch = new InstanceWatch(
      async function* (signal) {
        for (let sets = 0; sets <= second; sets++) {
          if (sets === first || sets === second) {
            collectGarbage()
            held.push(process.memoryUsage().heapUsed)
          }
          yield [a]
        }
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      },
      { clock: manualClock(), delayMs: () => 100, onSnapshot: () => void told++, onFailure: assert.fail },
    )
    const ended = watch.run()
    await eventually(() => told === second + 1)
    watch.stop()
    await ended
    const growth = ((held[1] ?? 0) - (held[0] ?? 0)) / (second - first)
    assert.ok(growth < 50, `the heap grew by ${growth.toFixed(1)} bytes a set`)
  })

  it('survives a source that throws what cannot be shown', async () => {
    const { watch, failures, clock } = setup(async function* () {
      yield [a]
      throw Object.create(null)
    })
    const ended = watch.run()
    await clock.advance(100)
    assert.deepEqual(failures[0], ['what was thrown cannot be shown', 1, 100])
    watch.stop()
    await ended
  })
})
