// Tests of overlapping-windows.ts: what several readers see of what happened.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { manualClock } from '../../testing/manual-clock.ts'
import { OverlappingWindows, type Window } from './overlapping-windows.ts'

class Happened implements Window {
  moments: number[] = []

  restart(): void {
    this.moments = []
  }
}

function windows(windowMs: number) {
  const clock = manualClock()
  const both = new OverlappingWindows(() => new Happened(), windowMs, clock)
  return {
    clock,
    happen: () => {
      for (const { moments } of both.all) moments.push(clock.now())
    },
    read: () => {
      let seen: readonly number[] = []
      both.read(({ moments }) => {
        seen = [...moments]
      })
      return seen
    },
  }
}

describe('OverlappingWindows', () => {
  it('shows a single reader all since it read last, however long ago', async () => {
    for (const intervalMs of [1_000, 100_000]) {
      const { clock, happen, read } = windows(10_000)
      for (let round = 0; round < 50; round++) {
        await clock.advance(intervalMs / 2)
        happen()
        const happenedAt = clock.now()
        await clock.advance(intervalMs / 2)
        assert.ok(read().includes(happenedAt))
      }
    }
  })

  it('shows two readers the same, though each comes between the readings of the other', async () => {
    const { clock, happen, read } = windows(10_000)
    for (let round = 0; round < 20; round++) {
      happen()
      const happenedAt = clock.now()
      await clock.advance(5_000)
      assert.ok(read().includes(happenedAt), 'to the first')
      await clock.advance(5_000)
      assert.ok(read().includes(happenedAt), 'to the second')
    }
  })

  it('forgets what is older than two windows, for one who reads often', async () => {
    const { clock, happen, read } = windows(10_000)
    await clock.advance(500)
    happen()
    for (let second = 0; second < 20; second++) {
      await clock.advance(1_000)
      read()
    }
    assert.deepEqual(read(), [])
  })

  it('lets nobody miss anything who reads within each window', () => {
    const anySteps = fc.array(fc.tuple(fc.nat(400), fc.constantFrom('a', 'b', 'c', 'event')), { maxLength: 200 })
    return fc.assert(
      fc.asyncProperty(anySteps, async (steps) => {
        const { clock, happen, read } = windows(1_000)
        const lastRead = new Map<string, number>()
        const events: number[] = []
        for (const [pauseMs, who] of steps) {
          await clock.advance(pauseMs)
          if (who === 'event') {
            happen()
            events.push(clock.now())
            continue
          }
          const since = lastRead.get(who) ?? 0
          lastRead.set(who, clock.now())
          const seen = new Set(read())
          if (clock.now() - since > 1_000) continue
          for (const at of events) if (at > since) assert.ok(seen.has(at), `${who} missed ${at}`)
        }
      }),
      { numRuns: 60 },
    )
  })
})
