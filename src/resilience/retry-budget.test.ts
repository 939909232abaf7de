import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { manualClock } from '../testing/manual-clock.ts'
import { hedge } from './hedge.ts'
import { retry } from './retry.ts'
import { type RetryBudget, retryBudget } from './retry-budget.ts'

function takeAll(budget: RetryBudget, now: number): number {
  let taken = 0
  while (taken < 10_000 && budget.take(now)) taken++
  return taken
}

describe('retryBudget', () => {
  it('allows a fifth of the calls of ten seconds, a reserve, and at most a second of it at once', async () => {
    const clock = manualClock()
    const budget = retryBudget()
    for (let second = 0; second < 11; second++) {
      if (second > 0) await clock.advance(1_000)
      for (let n = 0; n < 1_600; n++) budget.record(clock)
    }
    assert.equal(budget.snapshot().callsPerSecond, 1_600)
    assert.equal(takeAll(budget, clock.now()), 330)
    await clock.advance(1_000)
    assert.equal(budget.snapshot().callsPerSecond, 1_440)
    assert.equal(takeAll(budget, clock.now()), 298)
    await clock.advance(500)
    assert.equal(takeAll(budget, clock.now()), 149)
  })

  it('goes by what it has seen while it is new, and has its reserve at once', async () => {
    const clock = manualClock()
    const budget = retryBudget()
    assert.equal(takeAll(budget, clock.now()), 10)
    for (let n = 0; n < 320; n++) budget.record(clock)
    assert.equal(budget.snapshot().callsPerSecond, 320)
    await clock.advance(100)
    // A tenth of a second of 0.2 x 320 + 10.
    assert.equal(takeAll(budget, clock.now()), 7)
    await clock.advance(3_900)
    assert.equal(budget.snapshot().callsPerSecond, 80)
  })

  it('counts from the first call on, and not from when it first looked at the clock', async () => {
    const clock = manualClock()
    const budget = retryBudget()
    for (let n = 0; n < 16; n++) {
      budget.record(clock)
      await clock.advance(100)
    }
    assert.equal(budget.snapshot().callsPerSecond, 10)
  })

  it('has a reserve that is half of the share at low rates', async () => {
    const clock = manualClock()
    const budget = retryBudget()
    budget.record(clock)
    budget.take(clock.now())
    await clock.advance(15_000)
    for (let n = 0; n < 320; n++) budget.record(clock)
    // 0.2 x 32 + min(10, 0.1 x 32)
    assert.equal(budget.snapshot().allowedPerSecond.toFixed(3), '9.600')
  })

  it('allows one a second to those who hardly call', async () => {
    const clock = manualClock()
    const budget = retryBudget()
    budget.record(clock)
    takeAll(budget, clock.now())
    await clock.advance(15_000)
    assert.equal(takeAll(budget, clock.now()), 1)
    await clock.advance(999)
    assert.equal(takeAll(budget, clock.now()), 0)
    await clock.advance(1)
    assert.equal(takeAll(budget, clock.now()), 1)
    await clock.advance(3_600_000)
    assert.equal(takeAll(budget, clock.now()), 1)
  })

  it('forgets calls after ten seconds, however long nobody looked', async () => {
    const clock = manualClock()
    const budget = retryBudget()
    for (let n = 0; n < 1_600; n++) budget.record(clock)
    assert.equal(budget.snapshot().callsPerSecond, 1_600)
    await clock.advance(9_999)
    assert.equal(budget.snapshot().callsPerSecond.toFixed(1), '160.0')
    await clock.advance(1)
    assert.equal(budget.snapshot().callsPerSecond, 0)
    await clock.advance(1e9)
    for (let n = 0; n < 16; n++) budget.record(clock)
    assert.equal(budget.snapshot().callsPerSecond, 1.6)
  })

  it('says what was spent and what was refused', () => {
    const budget = retryBudget()
    assert.equal(takeAll(budget, 0), 10)
    const { spent, refused, banked } = budget.snapshot()
    assert.deepEqual({ spent, refused, banked }, { spent: 10, refused: 1, banked: 0 })
  })

  it('takes back what was not made, but keeps no more than a second of it', () => {
    const budget = retryBudget()
    assert.ok(budget.take(0))
    assert.ok(budget.take(0))
    budget.giveBack()
    assert.deepEqual([budget.snapshot().banked, budget.snapshot().spent], [9, 1])
    // Meanwhile as much has come as can be kept.
    const full = retryBudget()
    full.take(0)
    full.take(60_000)
    full.giveBack()
    full.giveBack()
    assert.deepEqual([full.snapshot().banked, full.snapshot().spent], [1, 0])
  })

  it('changes nothing when it is looked at, and says what it would give before anybody asked', async () => {
    const clock = manualClock()
    await clock.advance(100_000)
    const budget = retryBudget()
    assert.equal(budget.snapshot().banked, 10)
    for (let n = 0; n < 1_600; n++) budget.record(clock)
    await clock.advance(10_000)
    for (let n = 0; n < 1_600; n++) budget.record(clock)
    assert.equal(takeAll(budget, clock.now()), 42)
    const one = retry({ budget })
    const other = hedge({ budget })
    for (const { budget: seen } of [one.snapshot(), other.snapshot()]) {
      assert.equal(seen?.callsPerSecond, 160)
      assert.ok((seen?.banked ?? 1) < 1)
    }
    assert.equal(takeAll(budget, clock.now()), 0)
  })

  it('can be changed while running, and be closed', async () => {
    const clock = manualClock()
    const budget = retryBudget()
    budget.change({ minPerSecond: 0 })
    assert.equal(budget.take(clock.now()), false)
    budget.change({ minPerSecond: 5 })
    await clock.advance(15_000)
    assert.equal(takeAll(budget, clock.now()), 5)
    const { ratio, minPerSecond } = budget.snapshot()
    assert.deepEqual({ ratio, minPerSecond }, { ratio: 0.2, minPerSecond: 5 })
  })

  it('never allows more than a share of the calls, a reserve and the least, whatever the order of things', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('record', 'take', 'wait'), fc.integer({ min: 1, max: 400 })), {
          maxLength: 200,
        }),
        (steps) => {
          const budget = retryBudget({ ratio: 0.2, reservePerSecond: 0, minPerSecond: 1 })
          const clock = manualClock()
          let now = 0
          const at = { ...clock, now: () => now } as never
          let calls = 0
          let spent = 0
          for (const [step, count] of steps) {
            if (step === 'wait') now += count * 10
            else if (step === 'record') for (let n = 0; n < count; n++, calls++) budget.record(at)
            else spent += takeAll(budget, now)
            // A call counts for ten seconds, one more when it came at the end of a quiet one. A new budget has at once what the calls of
            // its first second allow, and while it is new a call counts for up to 1/1 + 1/2 + … + 1/10 of that.
            assert.ok(spent <= (0.22 + 0.2 * 3) * calls + now / 1_000 + 1, `${spent} of ${calls} after ${now} ms`)
          }
        },
      ),
      { seed: 6, numRuns: 200 },
    )
  })

  it('does what a model does that keeps every call, in random programs', () => {
    class Model {
      calls: number[] = []
      uncounted = 0
      bornAt = Number.NaN
      banked = 0
      filledAt = Number.NaN

      count(now: number) {
        if (Number.isNaN(this.bornAt)) this.bornAt = now
        for (; this.uncounted > 0; this.uncounted--) this.calls.push(Math.floor(now / 1_000))
      }

      record(now: number) {
        if (Number.isNaN(this.bornAt)) this.bornAt = now
        if (++this.uncounted === 16) this.count(now)
      }

      take(now: number): boolean {
        this.count(now)
        const seenMs = Math.min(10_000, Math.max(1_000, now - this.bornAt))
        const inWindow = this.calls.filter((second) => second > Math.floor(now / 1_000) - 10).length
        const share = (0.2 * inWindow * 1_000) / seenMs
        const allowed = Math.max(1, share + Math.min(10, share / 2))
        const most = Math.max(allowed, seenMs < 10_000 ? 10 : 1)
        const came = Number.isNaN(this.filledAt) ? most : (allowed * (now - this.filledAt)) / 1_000
        this.banked = Math.min(most, this.banked + came)
        this.filledAt = now
        if (this.banked < 1) return false
        this.banked--
        return true
      }
    }
    const step = fc.tuple(fc.constantFrom('record', 'take', 'wait'), fc.integer({ min: 1, max: 300 }))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), fc.integer({ min: 0, max: 20_000 }), (steps, startAt) => {
        const budget = retryBudget()
        const model = new Model()
        let now = startAt
        const clock = { ...manualClock(), now: () => now } as never
        for (const [what, count] of steps) {
          if (what === 'wait') now += count * 20
          else
            for (let n = 0; n < count; n++) {
              if (what === 'take') assert.equal(budget.take(now), model.take(now), `at ${now} ms`)
              else {
                budget.record(clock)
                model.record(now)
              }
            }
        }
      }),
      { seed: 6, numRuns: 100 },
    )
  })

  it('refuses what is out of range', () => {
    assert.throws(() => retryBudget({ ratio: -1 }), /ratio must be a number from 0/)
    assert.throws(() => retryBudget().change({ minPerSecond: Number.NaN }), /minPerSecond must be a number/)
  })
})
