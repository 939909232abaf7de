// Tests of event-loop.ts, with a loop that is as late as the test says; the last one blocks the real one.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Clock, Task, Timer } from '../core/clock.ts'
import { loadShed, type Pressure } from '../resilience/load-shed.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { type EventLoopPressureOptions, eventLoopPressure } from './event-loop.ts'

/** A clock whose loop comes late, or is blocked: then time passes and nothing runs. */
class LateClock {
  readonly inner = manualClock()
  lateMs = 0
  blockedMs = 0
  readonly clock: Clock = Object.assign(Object.create(this.inner) as Clock, {
    now: () => this.inner.now() + this.blockedMs,
    scheduleAt: (at: number, task: Task): Timer => this.inner.scheduleAt(at - this.blockedMs + this.lateMs, task),
  })
}

/** A pressure that is asked every 100 ms. */
function measured(options?: EventLoopPressureOptions) {
  const late = new LateClock()
  const loop = { isBusy: false }
  const pressure = eventLoopPressure({
    clock: late.clock,
    times: () => (loop.isBusy ? { active: late.clock.now(), idle: 0 } : { active: 0, idle: late.clock.now() }),
    ...options,
  })
  const ask = () => pressure.level(late.clock.now())
  const run = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      ask()
      await late.inner.advance(100)
    }
    return ask()
  }
  return { late, loop, pressure, ask, run }
}

describe('eventLoopPressure', () => {
  it('is 0 while the loop is in time', async () => {
    const { run } = measured()
    assert.equal(await run(1_000), 0)
  })

  it('is 1 when the loop comes as late as it may, and more when it comes later', async () => {
    const { late, run } = measured({ maxDelayMs: 30 })
    late.lateMs = 30
    const atLimit = await run(5_000)
    assert.ok(Math.abs(atLimit - 1) < 0.01, `${atLimit}`)
    late.lateMs = 90
    const above = await run(5_000)
    assert.ok(Math.abs(above - 3) < 0.03, `${above}`)
  })

  it('is below 1 for a block as a collection of garbage makes it, and falls again', async () => {
    const { late, run } = measured()
    await run(1_000)
    late.blockedMs += 100
    const level = await run(100)
    assert.ok(level > 0.1 && level < 1, `${level}`)
    assert.ok((await run(2_000)) < 0.05)
  })

  it('knows of a block before the timer comes', async () => {
    const { late, run, ask } = measured()
    assert.equal(await run(1_000), 0)
    late.blockedMs += 400
    assert.ok(ask() > 3, `${ask()}`)
  })

  it('has forgotten after two seconds that the process was stopped, however long', async () => {
    for (const stoppedMs of [10_000, 8 * 3_600_000]) {
      const { late, run, ask } = measured()
      await run(1_000)
      late.blockedMs += stoppedMs
      assert.ok(ask() > 16, `${ask()}`)
      const level = await run(2_000)
      assert.ok(level < 1, `${level}`)
    }
  })

  it('goes by its own clock when the calls go by another', async () => {
    const { late, pressure } = measured()
    for (const foreign of [0, 1e6, 5, 2e6]) {
      assert.equal(pressure.level(foreign), 0)
      await late.inner.advance(100)
    }
    assert.equal(pressure.level(3e6), 0)
  })

  it('is above 1 when the loop works more than it may, where that is looked at', async () => {
    for (const [maxUtilizationRatio, expected] of [
      [0.8, 1.25],
      [undefined, 0],
    ] as const) {
      const { loop, run } = measured({ maxUtilizationRatio })
      loop.isBusy = true
      const level = await run(5_000)
      assert.ok(Math.abs(level - expected) < 0.01, `${level}`)
    }
  })

  it('does without utilisation where nobody can tell', async () => {
    const { pressure, run } = measured({ times: null, maxUtilizationRatio: 0.5 })
    assert.equal(await run(1_000), 0)
    assert.equal(pressure.snapshot().utilizationRatio, undefined)
  })

  it('looks at nothing while nobody asks', async () => {
    const { late, run } = measured()
    assert.equal(late.inner.pending, 0)
    await run(1_000)
    assert.equal(late.inner.pending, 1)
    await late.inner.advance(2_000)
    assert.equal(late.inner.pending, 0)
    await run(100)
    assert.equal(late.inner.pending, 1)
  })

  it('forgets while nobody asks', async () => {
    const { late, run, ask } = measured()
    late.lateMs = 200
    assert.ok((await run(2_000)) > 1)
    late.lateMs = 0
    await late.inner.advance(60_000)
    assert.ok(ask() < 0.01)
  })

  it('is 0 once it is disposed, and leaves nothing pending', async () => {
    const { late, pressure, run, ask } = measured()
    late.lateMs = 200
    await run(2_000)
    pressure[Symbol.dispose]()
    assert.deepEqual([ask(), pressure.snapshot().level, late.inner.pending], [0, 0, 0])
  })

  it('shows what it measures', async () => {
    const { late, pressure, run } = measured({ maxDelayMs: 40 })
    late.lateMs = 20
    await run(6_000)
    const { delayMs, level, ...rest } = pressure.snapshot()
    assert.ok(Math.abs(delayMs - 20) < 0.1 && Math.abs(level - 0.5) < 0.01)
    assert.deepEqual(rest, { maxDelayMs: 40, maxUtilizationRatio: undefined, utilizationRatio: 0 })
  })

  it('refuses options out of their range', () => {
    for (const options of [{ maxDelayMs: 0 }, { maxUtilizationRatio: 2 }, { sampleMs: 1 }]) {
      assert.throws(() => eventLoopPressure(options), {
        name: 'RangeError',
        message: new RegExp(Object.keys(options).join()),
      })
    }
  })

  it('is what load shedding takes, and sees that this loop was blocked', async () => {
    using pressure = eventLoopPressure()
    const taken: Pressure = pressure
    loadShed({ pressure: taken })
    taken.level(performance.now())
    const until = performance.now() + 150
    while (performance.now() < until);
    assert.ok(taken.level(performance.now()) > 0.15)
  })
})
