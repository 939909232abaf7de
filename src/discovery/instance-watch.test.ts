import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { manualClock } from '../testing/manual-clock.ts'
import { type Instance, instanceAt } from './instance.ts'
import { type InstanceSource, InstanceWatch } from './instance-watch.ts'

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

  it('keeps nothing of what it was told, however often', async () => {
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    const heap: number[] = []
    const source = async function* () {
      for (let times = 0; times <= 20_000; times++) {
        if (times % 10_000 === 0) {
          collect()
          heap.push(process.memoryUsage().heapUsed)
        }
        yield []
      }
      watch.stop()
    }
    const told = { onSnapshot() {}, onFailure() {} }
    const watch: InstanceWatch = new InstanceWatch(source, { clock: manualClock(), delayMs: () => 0, ...told })
    await watch.run()
    const grownBy = ((heap[2] as number) - (heap[1] as number)) / 10_000
    assert.ok(grownBy < 60, `${grownBy} bytes a snapshot`)
  })
})
