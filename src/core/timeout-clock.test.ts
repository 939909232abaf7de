// Tests of timeout-clock.ts, on real time, as those of the system clock are.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rootContext } from './context.ts'
import { timeoutClock } from './timeout-clock.ts'

const run = (start: (done: () => void) => unknown) => new Promise<void>((resolve) => start(resolve))

describe('timeoutClock', () => {
  it('runs what is due, never early', async () => {
    const { now } = timeoutClock
    const startedAt = now()
    await run((done) => timeoutClock.schedule(5, done))
    assert.ok(now() - startedAt >= 5)
    const at = now() + 5
    await run((done) => timeoutClock.scheduleAt(at, { run: done }))
    assert.ok(now() >= at)
    await timeoutClock.sleep(3)
    assert.ok(now() >= at + 3)
  })

  it('runs nothing that was taken back, and nothing that is due never', async () => {
    let ran = 0
    const timers = [1, Infinity, 2 ** 40].map((delayMs) => timeoutClock.schedule(delayMs, () => ran++))
    for (const timer of timers) timer.cancel()
    await timeoutClock.sleep(5)
    assert.equal(ran, 0)
  })

  it('ends a context at its deadline', async () => {
    using ctx = rootContext({ clock: timeoutClock }).withTimeout(5)
    await assert.rejects(timeoutClock.sleep(10_000, ctx), { code: 'deadline_exceeded' })
    assert.ok(Math.abs(timeoutClock.wallNow() - Date.now()) < 1_000)
  })
})
