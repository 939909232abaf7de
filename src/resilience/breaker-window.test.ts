import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type BreakerWindow, CountWindow, TimeWindow } from './breaker-window.ts'

interface Ended {
  readonly at: number
  readonly failed: boolean
  readonly slow: boolean
}

const ended = fc.record({ wait: fc.nat(2_500), failed: fc.boolean(), slow: fc.boolean() })

function countsOf(calls: readonly Ended[]) {
  return {
    calls: calls.length,
    failures: calls.filter(({ failed }) => failed).length,
    slow: calls.filter(({ slow }) => slow).length,
  }
}

function seenIn({ calls, failures, slow }: BreakerWindow) {
  return { calls, failures, slow }
}

type Check = (window: BreakerWindow, all: readonly Ended[], now: number) => void

/** Records calls that end one after the other; gives all there were, and the moment of the last. */
function play(window: BreakerWindow, steps: readonly (Omit<Ended, 'at'> & { wait: number })[], check?: Check) {
  const all: Ended[] = []
  let now = 0
  for (const { wait, failed, slow } of steps) {
    now += wait
    window.record(failed, slow, now)
    all.push({ at: now, failed, slow })
    check?.(window, all, now)
  }
  return { all, now }
}

describe('CountWindow', () => {
  it('counts the last calls, whatever came before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.array(ended), (size, steps) => {
        play(new CountWindow(size), steps, (window, all) => {
          assert.deepEqual(seenIn(window), countsOf(all.slice(-size)))
          assert.deepEqual(window.countsAt(0), countsOf(all.slice(-size)))
        })
      }),
    )
  })

  it('goes on after a restart as if there had been none', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.array(ended), fc.array(ended), (size, before, after) => {
        const window = new CountWindow(size)
        const { all } = play(window, before)
        const restored = new CountWindow(size)
        restored.record(true, true)
        restored.load(window.save())
        const { all: more } = play(restored, after)
        assert.deepEqual(seenIn(restored), countsOf([...all, ...more].slice(-size)))
      }),
    )
  })

  it('takes nothing that it cannot have saved', () => {
    const window = new CountWindow(3)
    window.load([1, 7, -1, Number.NaN, 'x' as never, 3])
    assert.deepEqual(seenIn(window), { calls: 2, failures: 2, slow: 1 })
  })

  it('refuses a size that is none', () => {
    assert.throws(() => new CountWindow(0), /windowCalls must be an integer from 1 to 100000, but is 0/)
    assert.throws(() => new CountWindow(1e6), RangeError)
  })
})

describe('TimeWindow', () => {
  const lengthMs = 1_000
  const bucketMs = lengthMs / 10
  /** A call counts as long as its tenth is one of the last ten. */
  const within = (all: readonly Ended[], now: number) =>
    countsOf(all.filter(({ at }) => Math.floor(now / bucketMs) - Math.floor(at / bucketMs) < 10))

  it('counts the calls of the last ten tenths', () => {
    fc.assert(
      fc.property(fc.array(ended), fc.nat(2_500), (steps, later) => {
        const window = new TimeWindow(lengthMs)
        const { all, now } = play(window, steps, (_, calls, at) => assert.deepEqual(seenIn(window), within(calls, at)))
        assert.deepEqual(window.countsAt(now + later), within(all, now + later))
      }),
    )
  })

  it('goes on after a restart as if there had been none, by a clock that begins elsewhere', () => {
    fc.assert(
      fc.property(fc.array(ended), fc.nat(20), fc.nat(50), fc.array(ended), (before, pause, otherStart, after) => {
        const window = new TimeWindow(lengthMs)
        const { all, now } = play(window, before)
        // Both clocks are at the begin of a tenth.
        const savedAt = Math.ceil(now / bucketMs) * bucketMs
        const restoredAt = savedAt + pause * bucketMs
        const offset = otherStart * bucketMs - restoredAt
        const restored = new TimeWindow(lengthMs)
        restored.record(true, true, 0)
        restored.load(window.save(savedAt), pause * bucketMs, restoredAt + offset)
        assert.deepEqual(seenIn(restored), within(all, restoredAt))
        let at = restoredAt
        for (const { wait, failed, slow } of after) {
          at += wait
          restored.record(failed, slow, at + offset)
          all.push({ at, failed, slow })
          assert.deepEqual(seenIn(restored), within(all, at))
        }
      }),
    )
  })

  it('takes nothing that it cannot have saved', () => {
    const window = new TimeWindow(lengthMs)
    window.load([2, 3, 0, -1, -1, 0, 1e300, 0, 0, 4, 1, 2, 'x' as never, 0, 0, Number.NaN, 0, 0, 1], 0, 0)
    assert.deepEqual(seenIn(window), { calls: 5, failures: 1, slow: 2 })
    window.load([5, 5, 5], Number.NaN, 0)
    assert.deepEqual(seenIn(window), { calls: 0, failures: 0, slow: 0 })
  })

  it('forgets all when it is cleared, and counts on', () => {
    const window = new TimeWindow(lengthMs)
    window.record(true, true, 50)
    window.clear()
    window.record(false, true, 60)
    assert.deepEqual(window.countsAt(60), { calls: 1, failures: 0, slow: 1 })
  })

  it('refuses a length that is none', () => {
    assert.throws(() => new TimeWindow(5), /windowMs must be a number from 10 to 86400000, but is 5/)
  })
})
