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

  it('keeps nothing of the snapshots that are past, however many there were', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const half = Promise.withResolvers<number>()
    const whole = Promise.withResolvers<number>()
    const usedNow = () => {
      collect()
      return process.memoryUsage().heapUsed
    }
    const source: InstanceSource = async function* (signal) {
      for (let count = 0; count < 20_000; count++) {
        if (count === 10_000) half.resolve(usedNow())
        yield count % 2 === 0 ? [a] : [b]
      }
      whole.resolve(usedNow())
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    }
    const watch = new InstanceWatch(source, {
      clock: manualClock(),
      delayMs: () => 100,
      onSnapshot: () => {},
      onFailure: (error) => whole.reject(error),
    })
    const ended = watch.run()
    const grown = (await whole.promise) - (await half.promise)
    watch.stop()
    await ended
    // A hundred bytes for each would be a million.
    assert.ok(grown < 1_000_000, `${grown} bytes more`)
  })
})
