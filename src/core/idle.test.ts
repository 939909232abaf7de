// Tests of idle.ts: a wait that is too long is noticed at the very moment, whatever came before it.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type ManualClock, manualClock } from '../testing/manual-clock.ts'
import { IdleGuard, type IdleLimits } from './idle.ts'

interface Heard {
  readonly at: number
  readonly limitMs: number
}

function setUp(limits?: IdleLimits): { clock: ManualClock; guard: IdleGuard; heard: Heard[] } {
  const clock = manualClock()
  const heard: Heard[] = []
  const guard = new IdleGuard(clock, limits, (limitMs) => void heard.push({ at: clock.now(), limitMs }))
  return { clock, guard, heard }
}

describe('IdleGuard', () => {
  it('waits 5 s for the first message and 60 s for each further one unless told otherwise', async () => {
    const first = setUp()
    first.guard.wait()
    await first.clock.advance(100_000)
    assert.deepEqual(first.heard, [{ at: 5_000, limitMs: 5_000 }])

    const further = setUp({})
    further.guard.wait()
    await further.clock.advance(1_000)
    further.guard.arrived()
    further.guard.wait()
    await further.clock.advance(100_000)
    assert.deepEqual(further.heard, [{ at: 61_000, limitMs: 60_000 }])
  })

  it('says nothing and schedules nothing before the first wait', async () => {
    const { clock, guard, heard } = setUp({ firstMs: 10, betweenMs: 10 })
    guard.rest()
    guard.arrived()
    guard.touch()
    assert.equal(clock.pending, 0)
    await clock.advance(1_000)
    assert.deepEqual(heard, [])
  })

  it('does not count the time in which nobody waits', async () => {
    const { clock, guard, heard } = setUp({ firstMs: 100, betweenMs: 100 })
    for (let round = 0; round < 20; round++) {
      guard.wait()
      await clock.advance(99)
      if (round % 2 === 0) guard.arrived()
      else guard.rest()
      await clock.advance(500)
    }
    assert.deepEqual(heard, [])
    guard.wait()
    await clock.advance(100)
    assert.equal(heard.length, 1)
  })

  it('keeps the first limit through a rest, and has the other one once a message has come', async () => {
    const { clock, guard, heard } = setUp({ firstMs: 100, betweenMs: 300 })
    guard.wait()
    await clock.advance(50)
    guard.rest()
    await clock.advance(1_000)
    guard.wait()
    await clock.advance(99)
    guard.arrived()
    guard.wait()
    await clock.advance(299)
    assert.deepEqual(heard, [])
    await clock.advance(1)
    assert.deepEqual(heard, [{ at: 1_449, limitMs: 300 }])
  })

  it('begins the wait anew, with the other limit, when a message goes the other way', async () => {
    const { clock, guard, heard } = setUp({ firstMs: 100, betweenMs: 300 })
    guard.wait()
    await clock.advance(80)
    guard.touch()
    await clock.advance(299)
    assert.deepEqual(heard, [])
    await clock.advance(1)
    assert.deepEqual(heard, [{ at: 380, limitMs: 300 }])
  })

  it('notices at once when the limit between messages is shorter than the first one', async () => {
    for (const end of ['arrived', 'touch'] as const) {
      const { clock, guard, heard } = setUp({ firstMs: 60_000, betweenMs: 1_000 })
      guard.wait()
      await clock.advance(10)
      guard[end]()
      if (end === 'arrived') guard.wait()
      await clock.advance(60_000)
      assert.deepEqual(heard, [{ at: 1_010, limitMs: 1_000 }])
    }
  })

  it('waits for the first message without end, and still limits what follows', async () => {
    for (const end of ['arrived', 'touch'] as const) {
      const { clock, guard, heard } = setUp({ firstMs: Infinity, betweenMs: 1_000 })
      guard.wait()
      assert.equal(clock.pending, 0)
      await clock.advance(1_000_000)
      guard[end]()
      if (end === 'arrived') guard.wait()
      await clock.advance(10_000)
      assert.deepEqual(heard, [{ at: 1_001_000, limitMs: 1_000 }])
    }
  })

  it('limits only the first wait when there is no limit between messages', async () => {
    for (const end of ['arrived', 'touch'] as const) {
      const { clock, guard, heard } = setUp({ firstMs: 100, betweenMs: Infinity })
      guard.wait()
      await clock.advance(50)
      guard[end]()
      guard.wait()
      await clock.advance(1_000_000)
      assert.deepEqual([heard, clock.pending], [[], 0])
    }
  })

  it('schedules nothing when there are no limits', () => {
    const { clock, guard } = setUp({ firstMs: Infinity, betweenMs: Infinity })
    guard.wait()
    guard.touch()
    guard.arrived()
    guard.wait()
    assert.equal(clock.pending, 0)
  })

  it('fires once', async () => {
    const { clock, guard, heard } = setUp({ firstMs: 10, betweenMs: 10 })
    guard.wait()
    await clock.advance(10)
    for (const next of ['wait', 'touch', 'arrived', 'wait', 'rest', 'wait'] as const) {
      guard[next]()
      await clock.advance(100)
    }
    assert.deepEqual(heard, [{ at: 10, limitMs: 10 }])
  })

  it('is never called once it is disposed, and holds no timer', async () => {
    const { clock, guard, heard } = setUp({ firstMs: 10, betweenMs: 10 })
    guard.wait()
    guard[Symbol.dispose]()
    guard[Symbol.dispose]()
    assert.equal(clock.pending, 0)
    guard.wait()
    guard.touch()
    guard.arrived()
    guard.wait()
    assert.equal(clock.pending, 0)
    await clock.advance(1_000)
    assert.deepEqual(heard, [])
  })

  it('may be disposed by whom it calls', async () => {
    const clock = manualClock()
    const guard: IdleGuard = new IdleGuard(clock, { firstMs: 10 }, () => guard[Symbol.dispose]())
    guard.wait()
    await clock.advance(10)
    assert.equal(clock.pending, 0)
  })

  it('does not set a timer for each message', async () => {
    const clock = manualClock()
    let scheduled = 0
    const counting = {
      now: () => clock.now(),
      wallNow: () => clock.wallNow(),
      schedule: clock.schedule.bind(clock),
      sleep: clock.sleep.bind(clock),
      scheduleAt(...given: Parameters<ManualClock['scheduleAt']>) {
        scheduled++
        return clock.scheduleAt(...given)
      },
    }
    const guard = new IdleGuard(counting, { firstMs: 1_000, betweenMs: 1_000 }, () => assert.fail('idle'))
    for (let message = 0; message < 500; message++) {
      guard.wait()
      await clock.advance(10)
      if (message % 3 === 0) guard.touch()
      guard.arrived()
    }
    // 5 s have passed: one for each of them.
    assert.ok(scheduled <= 6, `${scheduled} timers`)
    guard[Symbol.dispose]()
  })

  it('fires exactly when the plainest model of it does', async () => {
    const anyLimit = fc.oneof(fc.constantFrom(0, 1, Infinity), fc.integer({ min: 1, max: 200 }))
    const anyStep = fc.record({
      afterMs: fc.oneof(fc.constant(0), fc.nat(120)),
      call: fc.constantFrom('wait', 'wait', 'rest', 'arrived', 'touch'),
    })
    await fc.assert(
      fc.asyncProperty(anyLimit, anyLimit, fc.array(anyStep, { maxLength: 25 }), async (firstMs, betweenMs, steps) => {
        const { clock, guard, heard } = setUp({ firstMs, betweenMs })
        let since = Infinity
        let limitMs = firstMs
        let expected: Heard | undefined
        const pass = async (ms: number) => {
          await clock.advance(ms)
          if (since + limitMs <= clock.now()) expected ??= { at: since + limitMs, limitMs }
          assert.deepEqual(heard, expected === undefined ? [] : [expected])
          assert.ok(clock.pending <= 1)
        }
        for (const { afterMs, call } of steps) {
          await pass(afterMs)
          guard[call as 'wait']()
          if (call === 'rest' || call === 'arrived') since = Infinity
          if (call === 'arrived' || call === 'touch') limitMs = betweenMs
          if (call === 'wait' || (call === 'touch' && since < Infinity)) since = clock.now()
        }
        await pass(1_000)
        guard[Symbol.dispose]()
        assert.equal(clock.pending, 0)
      }),
      { numRuns: 300 },
    )
  })
})
