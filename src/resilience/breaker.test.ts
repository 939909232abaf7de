import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Verdict } from '../core/codes.ts'
import { recorder } from '../testing/recorder.ts'
import { Breaker, refused } from './breaker.ts'
import { type BreakerOptions, breakerSettings } from './breaker-settings.ts'
import type { BreakerChange, BreakerSnapshot, ForcedState } from './breaker-state.ts'

const wallStart = 1_000_000

/** A breaker on a time that the test moves, without jitter. */
function breaking(options?: BreakerOptions) {
  const changes = recorder<BreakerChange>()
  const settings = breakerSettings({ jitterRatio: 0, ...options })
  const breaker = new Breaker(settings, changes)
  const time = { now: 0 }
  const end = (ticket: number, verdict: Verdict, tookMs = 0) => breaker.record(ticket, verdict, tookMs, time.now)
  return {
    breaker,
    settings,
    time,
    changes,
    allow: () => breaker.allow(time.now),
    end,
    /** Calls that end at once; gives how many passed. */
    calls(count: number, verdict: Verdict, tookMs?: number) {
      let passed = 0
      for (let i = 0; i < count; i++) {
        const ticket = breaker.allow(time.now)
        if (ticket === refused) continue
        passed++
        end(ticket, verdict, tookMs)
      }
      return passed
    },
    snapshot: () => breaker.snapshot(time.now, wallStart + time.now),
    /** Another one, in another process. */
    copy(snapshot: BreakerSnapshot, now: number, wallNow: number) {
      const copy = new Breaker(settings, changes)
      copy.restore(JSON.parse(JSON.stringify(snapshot)), now, wallNow)
      return copy
    },
  }
}

describe('Breaker', () => {
  it('opens at failures in a row', () => {
    const { calls, breaker } = breaking()
    calls(4, 'failure')
    calls(1, 'success')
    calls(4, 'failure')
    assert.equal(breaker.state, 'closed')
    assert.equal(calls(3, 'failure'), 1)
    assert.equal(breaker.state, 'open')
  })

  it('opens when half of at least twenty calls in ten seconds failed', () => {
    const { calls, breaker, time } = breaking({ consecutiveFailures: Infinity })
    calls(10, 'success')
    calls(9, 'failure')
    assert.equal(breaker.state, 'closed')
    time.now = 10_000
    calls(10, 'success')
    assert.equal(calls(10, 'failure'), 10)
    assert.equal(breaker.state, 'open')
  })

  it('opens by a share of the last calls', () => {
    const { calls, breaker } = breaking({ consecutiveFailures: Infinity, windowCalls: 10, failureRatio: 0.3 })
    calls(20, 'success')
    assert.equal(calls(5, 'failure'), 3)
    assert.equal(breaker.state, 'open')
  })

  it('opens at exactly the share that was given', () => {
    const { calls } = breaking({ consecutiveFailures: Infinity, windowCalls: 100, failureRatio: 0.07 })
    calls(100, 'success')
    assert.equal(calls(10, 'failure'), 7)
  })

  it('opens when too many calls were slow, though they succeeded', () => {
    const { calls, breaker, changes } = breaking({ slowMs: 100, windowCalls: 10 })
    calls(10, 'success', 99.9)
    assert.equal(calls(9, 'success', 100), 8)
    assert.equal(breaker.state, 'open')
    assert.deepEqual(changes.events, [
      { from: 'closed', to: 'open', cause: 'slow_ratio', openMs: 5_000, reason: undefined, ctx: undefined },
    ])
  })

  it('takes nothing from ignored calls, and lets them end no row of failures', () => {
    const { calls, snapshot } = breaking()
    calls(4, 'failure')
    calls(100, 'ignored')
    assert.equal(snapshot().calls, 4)
    assert.equal(calls(2, 'failure'), 1)
  })

  it('stays open for its time, each time twice as long up to a limit, until it has closed', () => {
    const { calls, breaker, time, changes } = breaking()
    calls(5, 'failure')
    for (const openMs of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      assert.equal(breaker.openForMs(time.now), openMs)
      time.now += openMs - 1
      assert.equal(calls(1, 'success'), 0)
      time.now += 1
      assert.equal(calls(1, 'failure'), 1)
    }
    time.now += 60_000
    calls(3, 'success')
    assert.equal(breaker.state, 'closed')
    changes.clear()
    calls(5, 'failure')
    assert.equal(changes.events[0]?.openMs, 5_000)
  })

  it('draws its open time from around what was asked', () => {
    const draws = [0, 0.5, 0.75]
    const { calls, changes, time } = breaking({ jitterRatio: 0.2, random: () => draws.shift() ?? 0 })
    calls(5, 'failure')
    time.now += 4_000
    calls(1, 'failure')
    time.now += 10_000
    calls(1, 'failure')
    const opened = changes.events.filter(({ to }) => to === 'open').map(({ openMs }) => openMs)
    assert.deepEqual(opened, [4_000, 10_000, 22_000])
  })

  it('lets as many probes through as must succeed, and no more', () => {
    const { calls, allow, end, breaker, time } = breaking({ probes: 2 })
    calls(5, 'failure')
    time.now = 5_000
    const [first, second] = [allow(), allow()]
    assert.equal(allow(), refused)
    end(first, 'success')
    assert.equal(allow(), refused)
    assert.equal(breaker.state, 'half_open')
    end(second, 'success')
    assert.equal(breaker.state, 'closed')
  })

  it('opens again at the first probe that fails, whatever the others say later', () => {
    const { calls, allow, end, breaker, time } = breaking({ probes: 3 })
    calls(5, 'failure')
    time.now = 5_000
    const probes = [allow(), allow(), allow()]
    end(probes[0] ?? 0, 'success')
    end(probes[1] ?? 0, 'failure')
    end(probes[2] ?? 0, 'success')
    assert.equal(breaker.state, 'open')
    time.now = 15_000
    const probe = allow()
    for (const late of probes) end(late, 'success')
    assert.equal(breaker.snapshot(0, 0).probesSucceeded, 0)
    end(probe, 'success')
    assert.equal(breaker.state, 'half_open')
  })

  it('holds a slow probe for a failed one', () => {
    const { calls, breaker, time } = breaking({ slowMs: 100 })
    calls(5, 'failure')
    time.now = 5_000
    calls(1, 'success', 100)
    assert.equal(breaker.state, 'open')
  })

  it('has the place of a probe back when its outcome is ignored', () => {
    const { calls, breaker, time } = breaking({ probes: 1 })
    calls(5, 'failure')
    time.now = 5_000
    assert.equal(calls(50, 'ignored'), 50)
    assert.equal(breaker.state, 'half_open')
    calls(1, 'success')
    assert.equal(breaker.state, 'closed')
  })

  it('counts a probe that hangs as failed at the end of its time, however late that is seen', () => {
    const { calls, allow, end, breaker, time, changes } = breaking({ probes: 1, probeTimeoutMs: 1_000 })
    calls(5, 'failure')
    time.now = 5_000
    const hanging = allow()
    time.now = 5_999
    assert.equal(allow(), refused)
    time.now = 6_000
    assert.equal(allow(), refused)
    assert.equal(breaker.state, 'open')
    assert.equal(breaker.openForMs(time.now), 10_000)
    end(hanging, 'success')
    time.now = 16_000
    assert.notEqual(allow(), refused)
    // The next one hangs from 16,000 to 17,000 and has it open until 37,000; nobody called meanwhile.
    time.now = 100_000
    assert.notEqual(allow(), refused)
    assert.deepEqual(
      changes.events.map(({ to, cause }) => `${to} ${cause}`),
      [
        'open consecutive_failures',
        'half_open open_time_over',
        'open probe_timed_out',
        'half_open open_time_over',
        'open probe_timed_out',
        'half_open open_time_over',
      ],
    )
  })

  it('does not hear calls of an earlier state', () => {
    const { calls, allow, end, time, snapshot } = breaking({ probes: 1 })
    const slowOnes = [allow(), allow(), allow(), allow(), allow()]
    calls(5, 'failure')
    time.now = 5_000
    for (const ticket of slowOnes) end(ticket, 'success')
    calls(1, 'success')
    assert.equal(snapshot().state, 'closed')
    for (const ticket of slowOnes) end(ticket, 'failure')
    assert.deepEqual([snapshot().state, snapshot().calls], ['closed', 0])
  })

  it('refuses all while it is forced open, and begins anew when that is taken back', () => {
    const { calls, breaker, time, snapshot } = breaking()
    calls(4, 'failure')
    breaker.force('open', 'moving the database')
    time.now = 1e9
    assert.equal(calls(10, 'success'), 0)
    assert.deepEqual([snapshot().state, snapshot().reason], ['forced_open', 'moving the database'])
    assert.equal(breaker.openForMs(time.now), undefined)
    breaker.force(undefined)
    assert.deepEqual([snapshot().state, snapshot().reason], ['closed', undefined])
    assert.equal(calls(10, 'failure'), 5)
  })

  it('lets all pass and counts none while it is forced closed', () => {
    const { calls, breaker, snapshot } = breaking()
    calls(5, 'failure')
    breaker.force('closed')
    assert.equal(calls(50, 'failure'), 50)
    breaker.force(undefined)
    assert.equal(snapshot().calls, 0)
  })

  it('lets all pass and counts on while it is disabled', () => {
    const { calls, breaker, snapshot } = breaking()
    calls(4, 'failure')
    breaker.force('disabled')
    assert.equal(calls(50, 'failure'), 50)
    assert.deepEqual([snapshot().state, snapshot().failures], ['disabled', 54])
    breaker.force(undefined)
    assert.equal(calls(50, 'failure'), 1)
  })

  it('does nothing when what was not forced is taken back', () => {
    const { calls, breaker } = breaking()
    calls(5, 'failure')
    breaker.force(undefined)
    assert.equal(breaker.state, 'open')
  })

  it('shows how it is, and why', () => {
    const { calls, snapshot, time } = breaking()
    assert.equal(snapshot().cause, undefined)
    calls(1, 'success')
    calls(5, 'failure')
    time.now = 1_000
    const { window: _, ...shown } = snapshot()
    assert.deepEqual(shown, {
      state: 'open',
      cause: 'consecutive_failures',
      reason: undefined,
      openUntilAt: wallStart + 5_000,
      openings: 1,
      consecutiveFailures: 5,
      calls: 6,
      failures: 5,
      slow: 0,
      probesInFlight: 0,
      probesSucceeded: 0,
      takenAt: wallStart + 1_000,
    })
  })

  it('says when the next call may pass in whole milliseconds, and none too early', () => {
    const { calls, snapshot, time } = breaking()
    time.now = 0.25
    calls(5, 'failure')
    time.now = 0.75
    assert.equal(snapshot().openUntilAt, wallStart + 5_001)
  })

  it('goes on in another process for what is left of its open time, by the clock on the wall', () => {
    const { calls, snapshot, copy } = breaking()
    calls(5, 'failure')
    const copied = copy(snapshot(), 70, wallStart + 2_000)
    assert.equal(copied.openForMs(70), 3_000)
    assert.equal(copied.allow(3_069), refused)
    copied.record(copied.allow(3_070), 'failure', 0, 3_070)
    assert.equal(copied.openForMs(3_070), 10_000)
  })

  it('goes on in another process with what was counted, as far as it is not too old', () => {
    const { calls, snapshot, copy } = breaking({ consecutiveFailures: 7 })
    calls(13, 'success')
    calls(6, 'failure')
    const soon = copy(snapshot(), 0, wallStart + 1_000)
    assert.equal(soon.snapshot(0, 0).calls, 19)
    soon.record(soon.allow(0), 'failure', 0, 0)
    assert.equal(soon.state, 'open')
    assert.equal(copy(snapshot(), 0, wallStart + 10_000).snapshot(0, 0).calls, 0)
  })

  it('goes on in another process with probes of its own, and as it was forced', () => {
    const { calls, allow, snapshot, copy, time, breaker } = breaking({ probes: 1 })
    calls(5, 'failure')
    time.now = 5_000
    allow()
    const copied = copy(snapshot(), 0, wallStart)
    copied.record(copied.allow(0), 'success', 0, 0)
    assert.equal(copied.state, 'closed')
    breaker.force('open', 'moving')
    const { state, reason } = copy(snapshot(), 0, wallStart).snapshot(0, 0)
    assert.deepEqual([state, reason], ['forced_open', 'moving'])
  })

  it('is restored from nonsense without harm, and stays open no longer than it can by itself', () => {
    const { copy, snapshot } = breaking({ jitterRatio: 0.5 })
    const open = { ...snapshot(), state: 'open' as const }
    assert.equal(copy({ ...open, openUntilAt: 1e300 }, 0, wallStart).openForMs(0), 90_000)
    assert.equal(copy({ ...open, openUntilAt: Number.NaN }, 0, wallStart).openForMs(0), 0)
    assert.equal(copy({ state: 'ajar', window: { length: 3 } } as never, 0, wallStart).state, 'closed')
    assert.equal(copy({ ...snapshot(), consecutiveFailures: -7 }, 0, wallStart).snapshot(0, 0).consecutiveFailures, 0)
  })
})

describe('Breaker, in random programs', () => {
  const options = {
    consecutiveFailures: 4,
    failureRatio: 0.5,
    minimumCalls: 6,
    windowMs: 100,
    slowMs: 8,
    slowRatio: 0.5,
    openMs: 50,
    openMaxMs: 150,
    probes: 2,
    probeTimeoutMs: 30,
  } as const

  /** What it should be, with a timer for everything: a step of a millisecond at a time, and every call kept. */
  class Model {
    now = 0
    state: 'closed' | 'open' | 'half_open' | `forced_${'open' | 'closed'}` | 'disabled' = 'closed'
    era = 0
    inARow = 0
    openings = 0
    openUntil = 0
    succeeded = 0
    ended: { at: number; failed: boolean; slow: boolean }[] = []
    inFlight: { ticket: number; era: number; startedAt: number }[] = []

    get window() {
      return this.ended.filter(({ at }) => Math.floor(this.now / 10) - Math.floor(at / 10) < 10)
    }

    get probes() {
      return this.inFlight.filter(({ era }) => era === this.era)
    }

    /** Whether a call may pass. */
    get passes() {
      if (this.state === 'half_open') return this.probes.length + this.succeeded < options.probes
      return this.state !== 'open' && this.state !== 'forced_open'
    }

    advance(ms: number) {
      for (let i = 0; i < ms; i++) {
        this.now++
        if (
          this.state === 'half_open' &&
          this.probes.some(({ startedAt }) => this.now - startedAt >= options.probeTimeoutMs)
        )
          this.open()
        if (this.state === 'open' && this.now >= this.openUntil) this.go('half_open')
      }
    }

    go(state: Model['state']) {
      const counts = (each: string) => each === 'closed' || each === 'disabled'
      if (!counts(state) || !counts(this.state)) {
        this.era++
        if (counts(state)) {
          this.ended = []
          this.inARow = 0
        }
        if (state !== 'open' && state !== 'half_open') this.openings = 0
      }
      this.state = state
      this.succeeded = 0
    }

    open() {
      this.openUntil = this.now + Math.min(150, 50 * 2 ** this.openings)
      this.go('open')
      this.openings++
    }

    end(place: number, verdict: Verdict) {
      const [call] = this.inFlight.splice(place, 1)
      if (call?.era !== this.era || verdict === 'ignored') return
      const slow = this.now - call.startedAt >= options.slowMs
      const failed = verdict === 'failure'
      if (this.state === 'half_open') {
        if (failed || slow) this.open()
        else if (++this.succeeded === options.probes) this.go('closed')
      } else if (this.state === 'closed' || this.state === 'disabled') {
        this.ended.push({ at: this.now, failed, slow })
        this.inARow = failed ? this.inARow + 1 : 0
        const share = (of: 'failed' | 'slow') => this.window.filter((each) => each[of]).length / this.window.length
        const many = this.window.length >= options.minimumCalls
        const opens = failed && (this.inARow >= 4 || (many && share('failed') >= 0.5))
        if (this.state === 'closed' && (opens || (slow && many && share('slow') >= 0.5))) this.open()
      }
    }
  }

  type Step =
    | { readonly do: 'call' }
    | { readonly do: 'end'; readonly which: number; readonly verdict: Verdict }
    | { readonly do: 'advance'; readonly ms: number }
    | { readonly do: 'force'; readonly state: ForcedState | undefined }
    | { readonly do: 'move' }

  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 8, arbitrary: fc.constant<Step>({ do: 'call' }) },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('end' as const),
        which: fc.nat(),
        verdict: fc.constantFrom<Verdict>('success', 'success', 'failure', 'ignored'),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.oneof(fc.nat(9), fc.nat(200)) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('force' as const),
        state: fc.constantFrom('open' as const, 'closed' as const, 'disabled' as const, undefined, undefined),
      }),
    },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'move' }) },
  )

  it('does what a model with a timer for everything does', () => {
    const seen = new Set<string>()
    const program = (steps: readonly Step[]) => {
      const model = new Model()
      const settings = breakerSettings({ ...options, jitterRatio: 0 })
      const changed = ({ cause }: BreakerChange) => void seen.add(cause)
      let breaker = new Breaker(settings, changed)
      for (const each of steps) {
        if (each.do === 'advance') model.advance(each.ms)
        else if (each.do === 'force') {
          breaker.force(each.state)
          if (each.state !== undefined) {
            model.go(each.state === 'disabled' ? 'disabled' : `forced_${each.state}`)
          } else if (model.state === 'disabled' || model.state.startsWith('forced')) model.go('closed')
        } else if (each.do === 'move') {
          // To another process: it knows of no calls in flight, so a probe that hangs there is not seen here.
          breaker.allow(model.now)
          const snapshot: BreakerSnapshot = JSON.parse(JSON.stringify(breaker.snapshot(model.now, model.now)))
          breaker = new Breaker(settings, changed)
          breaker.restore(snapshot, model.now, model.now)
          model.inFlight = []
          model.succeeded = 0
        } else if (each.do === 'call') {
          const passes = model.passes
          const ticket = breaker.ticket === refused ? breaker.allow(model.now) : breaker.ticket
          assert.equal(ticket !== refused, passes)
          assert.equal(breaker.state, model.state)
          if (passes) model.inFlight.push({ ticket, era: model.era, startedAt: model.now })
        } else if (model.inFlight.length > 0) {
          const place = each.which % model.inFlight.length
          const { ticket = 0, startedAt = 0 } = model.inFlight[place] ?? {}
          breaker.record(ticket, each.verdict, model.now - startedAt, model.now)
          model.end(place, each.verdict)
        }
        if (model.state !== 'closed' && model.state !== 'disabled') continue
        const { state, calls, consecutiveFailures } = breaker.snapshot(model.now, model.now)
        assert.deepEqual([state, calls, consecutiveFailures], [model.state, model.window.length, model.inARow])
      }
    }
    const programs = fc.property(fc.array(step, { maxLength: 120, size: 'max' }), program)
    fc.assert(programs, { numRuns: 400 })
    // These are the same in every run, and have everything happen that can.
    fc.assert(programs, { numRuns: 400, seed: 2 })
    assert.equal(seen.size, 10, [...seen].join())
  })
})
