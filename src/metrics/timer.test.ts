// Tests of timer.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Clock } from '../core/clock.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { timer } from './timer.ts'

function observer() {
  const values: number[] = []
  return { values, observe: (value: number) => void values.push(value) }
}

describe('timer', () => {
  it('observes the time since it was made, in seconds unless told otherwise', async () => {
    for (const [unit, expected] of [
      [undefined, 0.25],
      ['seconds', 0.25],
      ['milliseconds', 250],
      ['microseconds', 250_000],
    ] as const) {
      const clock = manualClock()
      const into = observer()
      const running = timer(into, { unit, clock })
      await clock.advance(250)
      assert.equal(running.observe(), expected)
      assert.deepEqual(into.values, [expected])
    }
  })

  it('observes once, and says the same time again', async () => {
    const clock = manualClock()
    const into = observer()
    {
      using running = timer(into, { clock })
      await clock.advance(1_000)
      assert.equal(running.observe(), 1)
      await clock.advance(1_000)
      assert.equal(running.observe(), 1)
    }
    assert.deepEqual(into.values, [1])
  })

  it('observes at the end of its block', async () => {
    const clock = manualClock()
    const into = observer()
    {
      using _running = timer(into, { clock })
      await clock.advance(500)
    }
    assert.deepEqual(into.values, [0.5])
  })

  it('is never negative, whatever the clock does', () => {
    let now = 10
    const into = observer()
    const running = timer(into, { clock: { now: () => now } as Clock })
    now = 5
    assert.equal(running.observe(), 0)
  })

  it('refuses a unit that there is not', () => {
    for (const unit of ['minutes', 'toString', 1])
      assert.throws(() => timer(observer(), { unit: unit as 'seconds' }), {
        name: 'TypeError',
        message: /^unit must be/,
      })
  })
})
