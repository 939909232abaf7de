// Tests of timer-wheel.ts.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type TimerEntry, TimerWheel } from './timer-wheel.ts'

const TICK_MS = 2
const DAY_MS = 86_400_000
const YEAR_MS = 365 * DAY_MS

/** What an entry does when it runs. */
type Deed =
  | { readonly kind: 'nothing' | 'throw' }
  | { readonly kind: 'cancel'; readonly pick: number }
  | { readonly kind: 'add'; readonly delayMs: number }

interface Item {
  readonly id: number
  readonly at: number
  readonly tick: number
  readonly background: boolean
  readonly deed: Deed
}

class Thrown extends Error {}

/** Drives a wheel and the plainest imaginable model of it, arrays that are filtered and sorted, and compares each step. */
class Lockstep {
  readonly wheel: TimerWheel
  readonly entries: TimerEntry[] = []
  now: number
  position: number
  pending: Item[] = []
  due: Item[] = []

  constructor(startAt: number) {
    this.now = startAt
    this.position = tickOf(startAt)
    this.wheel = new TimerWheel({ tickMs: TICK_MS, startAt })
  }

  add(at: number, background: boolean, deed: Deed): void {
    if (this.pending.length + this.due.length === 0) this.position = Math.max(this.position, tickOf(this.now))
    const id = this.entries.length
    const item: Item = { id, at, tick: Math.max(tickOf(at), this.position), background, deed }
    this.pending.push(item)
    this.entries.push(this.wheel.add(at, { run: () => this.#ran(item) }, background, this.now))
  }

  cancel(pick: number): void {
    const id = pick % this.entries.length
    const entry = this.entries[id]
    if (entry === undefined) return
    const wasPending = [...this.pending, ...this.due].some((item) => item.id === id)
    this.pending = this.pending.filter((item) => item.id !== id)
    this.due = this.due.filter((item) => item.id !== id)
    assert.equal(this.wheel.cancel(entry), wasPending)
  }

  advance(now: number): void {
    this.now = now
    this.position = Math.max(this.position, tickOf(now))
    // Items are in the order they were added, and sorting is stable.
    this.due.push(...this.pending.filter(({ at }) => at <= now).sort((a, b) => a.tick - b.tick))
    this.pending = this.pending.filter(({ at }) => at > now)
    try {
      this.wheel.advance(now)
    } catch (error) {
      if (!(error instanceof Thrown)) throw error
      this.compare()
      this.advance(now)
    }
    assert.deepEqual(this.due, [])
  }

  compare(): void {
    const items = [...this.due, ...this.pending]
    assert.equal(this.wheel.size, items.length)
    assert.equal(this.wheel.foreground, items.filter(({ background }) => !background).length)
    const nextAt = this.wheel.nextAt()
    if (items.length === 0) assert.equal(nextAt, Infinity)
    else if (this.due.length > 0) assert.ok(nextAt <= this.now)
    else {
      assert.ok(nextAt >= this.position * TICK_MS)
      assert.ok(nextAt <= Math.min(...items.map(({ tick }) => tick)) * TICK_MS)
    }
  }

  #ran(item: Item): void {
    assert.equal(item, this.due.shift())
    this.compare()
    if (item.deed.kind === 'throw') throw new Thrown()
    if (item.deed.kind === 'cancel') this.cancel(item.deed.pick)
    if (item.deed.kind === 'add') this.add(this.now + item.deed.delayMs, false, { kind: 'nothing' })
  }
}

function tickOf(at: number): number {
  return Math.ceil(at / TICK_MS)
}

/** Any fraction but those, far below what a clock can tell, that cannot be halved without rounding. */
const between = (min: number, max: number) =>
  fc.double({ min, max, noNaN: true }).map((ms) => (Math.abs(ms) < 1e-9 ? 0 : ms))

/** Everything from a fraction of a tick to a century, whole ticks included. */
const anySpanMs = fc.oneof(
  fc.constant(0),
  between(0, 5),
  between(0, 200),
  fc.nat({ max: 500 }).map((ticks) => ticks * TICK_MS),
  between(0, 10_000),
  between(0, 60 * DAY_MS),
  between(0, 100 * YEAR_MS),
)
const anyDelayMs = fc.oneof({ arbitrary: anySpanMs, weight: 9 }, { arbitrary: between(-1_000, 0), weight: 1 })
const anyStart = fc.oneof(
  between(0, 10_000),
  fc.constant(1.76e12),
  fc.constant(2 ** 31 - 3),
  fc.constant(2 ** 31 - 0.5),
)
const anyDeed: fc.Arbitrary<Deed> = fc.oneof(
  { arbitrary: fc.constant<Deed>({ kind: 'nothing' }), weight: 6 },
  { arbitrary: fc.constant<Deed>({ kind: 'throw' }), weight: 1 },
  { arbitrary: fc.nat().map((pick): Deed => ({ kind: 'cancel', pick })), weight: 1 },
  { arbitrary: anyDelayMs.map((delayMs): Deed => ({ kind: 'add', delayMs })), weight: 1 },
)
const anyStep: fc.Arbitrary<(lockstep: Lockstep) => void> = fc.oneof(
  {
    arbitrary: fc.tuple(anyDelayMs, fc.boolean(), anyDeed).map(
      ([delayMs, background, deed]) =>
        (run: Lockstep) =>
          run.add(run.now + delayMs, background, deed),
    ),
    weight: 6,
  },
  { arbitrary: fc.nat().map((pick) => (run: Lockstep) => run.cancel(pick)), weight: 2 },
  { arbitrary: anySpanMs.map((spanMs) => (run: Lockstep) => run.advance(run.now + spanMs)), weight: 2 },
  {
    arbitrary: fc.constant((run: Lockstep) => {
      if (run.wheel.size > 0) run.advance(Math.max(run.now, run.wheel.nextAt()))
    }),
    weight: 2,
  },
)

/** A wheel that writes down the names of what it ran. */
function recorder(startAt = 0) {
  const wheel = new TimerWheel({ tickMs: TICK_MS, startAt })
  const ran: string[] = []
  const add = (at: number, name: string, also = () => {}) =>
    wheel.add(
      at,
      {
        run() {
          ran.push(name)
          also()
        },
      },
      false,
      startAt,
    )
  return { wheel, ran, add }
}

describe('TimerWheel', () => {
  it('runs, counts and forgets exactly as its model does', () => {
    fc.assert(
      fc.property(anyStart, fc.array(anyStep, { size: 'large', maxLength: 100 }), (startAt, steps) => {
        const lockstep = new Lockstep(startAt)
        for (const step of steps) {
          step(lockstep)
          lockstep.compare()
        }
        lockstep.advance(lockstep.now + 300 * YEAR_MS)
        lockstep.advance(lockstep.now + 300 * YEAR_MS)
        assert.equal(lockstep.wheel.size, 0)
      }),
      { numRuns: 300 },
    )
  })

  it('is less than a tick late for a caller that sleeps until nextAt, and wakes it a handful of times an entry', () => {
    const delays = fc.array(fc.oneof(anySpanMs, between(0, 5_000)), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(anyStart, delays, (startAt, delaysMs) => {
        const wheel = new TimerWheel({ tickMs: TICK_MS, startAt })
        let now = startAt
        let wakes = 0
        for (const delayMs of delaysMs) {
          const at = startAt + delayMs
          wheel.add(
            at,
            { run: () => assert.ok(now >= at && now < at + TICK_MS, `ran ${now - at} ms late`) },
            false,
            startAt,
          )
        }
        while (wheel.size > 0) {
          assert.ok(wheel.nextAt() >= now)
          now = wheel.nextAt()
          wheel.advance(now)
          wakes++
        }
        const horizons = Math.ceil(Math.max(...delaysMs) / (TICK_MS * 2 ** 30))
        assert.ok(wakes <= 5 * delaysMs.length + horizons, `${wakes} wakes`)
      }),
    )
  })

  it('keeps what is due later in a tick from running early', () => {
    const { wheel, ran, add } = recorder()
    add(10.2, 'a')
    add(11.9, 'c')
    add(11, 'b')
    wheel.advance(10.1)
    assert.deepEqual(ran, [])
    wheel.advance(10.2)
    assert.deepEqual(ran, ['a'])
    wheel.advance(11.8)
    assert.deepEqual(ran, ['a', 'b'])
    assert.equal(wheel.nextAt(), 12)
    wheel.advance(12)
    assert.deepEqual(ran, ['a', 'b', 'c'])
    assert.equal(wheel.nextAt(), Infinity)
  })

  it('runs by tick, and within a tick in the order of adding', () => {
    const { wheel, ran, add } = recorder()
    add(5_001.5, 'second of its tick, added first')
    add(5_001, 'added second')
    add(3, 'first tick')
    wheel.advance(4_000)
    add(5_001.2, 'added much later')
    wheel.advance(6_000)
    assert.deepEqual(ran, ['first tick', 'second of its tick, added first', 'added second', 'added much later'])
  })

  it('runs what was due already at the next advance', () => {
    const { wheel, ran, add } = recorder(1_000)
    add(5, 'long past')
    add(-5, 'before time began')
    add(1_000, 'now')
    assert.ok(wheel.nextAt() <= 1_000 + TICK_MS)
    wheel.advance(1_000)
    assert.deepEqual(ran, ['long past', 'before time began', 'now'])
  })

  it('leaves what is added during advance to the next advance, even when it is due', () => {
    const { wheel, ran, add } = recorder()
    const again = () => {
      add(10, 'again', again)
    }
    add(10, 'first', again)
    wheel.advance(10)
    assert.deepEqual(ran, ['first'])
    assert.equal(wheel.size, 1)
    assert.equal(wheel.nextAt(), 10)
    wheel.advance(10)
    assert.deepEqual(ran, ['first', 'again'])
  })

  it('does not run what is cancelled during the same advance', () => {
    const { wheel, ran, add } = recorder()
    add(10, 'first', () => {
      assert.equal(wheel.cancel(sameTick), true)
      assert.equal(wheel.cancel(laterTick), true)
    })
    const sameTick = add(10, 'same tick')
    const laterTick = add(20, 'later tick')
    add(30, 'last')
    wheel.advance(100)
    assert.deepEqual(ran, ['first', 'last'])
    assert.equal(wheel.size, 0)
  })

  it('throws on what an entry throws, and goes on behind it at the next advance', () => {
    const { wheel, ran, add } = recorder()
    add(10, 'a', () => {
      throw new Error('broken')
    })
    const cancelled = add(12, 'cancelled while it waits')
    add(14, 'b')
    assert.throws(() => wheel.advance(100), /broken/)
    assert.deepEqual(ran, ['a'])
    assert.equal(wheel.size, 2)
    assert.ok(wheel.nextAt() <= 100)
    assert.equal(wheel.cancel(cancelled), true)
    wheel.advance(100)
    assert.deepEqual(ran, ['a', 'b'])
    assert.equal(wheel.size, 0)
  })

  it('may be advanced by what it runs', () => {
    const { wheel, ran, add } = recorder()
    add(10, 'outer', () => wheel.advance(50))
    add(12, 'due with it')
    add(40, 'due inside')
    wheel.advance(20)
    assert.deepEqual(ran, ['outer', 'due with it', 'due inside'])
  })

  it('says whether cancelling came in time, and references nothing that was cancelled', () => {
    const { wheel, add } = recorder()
    const task = { run() {} }
    const entry = wheel.add(10, task, false, 0)
    assert.equal(wheel.cancel(entry), true)
    assert.equal(wheel.cancel(entry), false)
    assert.notEqual(entry.task, task)
    const late = add(10, 'ran')
    wheel.advance(10)
    assert.equal(wheel.cancel(late), false)
    assert.equal(wheel.size, 0)
  })

  it('lets an entry cancel itself', () => {
    const { wheel, ran, add } = recorder()
    const entry = add(10, 'cancelled')
    add(10, 'not cancelled')
    entry.cancel()
    entry.cancel()
    assert.equal(wheel.size, 1)
    wheel.advance(10)
    entry.cancel()
    assert.deepEqual(ran, ['not cancelled'])
    assert.equal(wheel.size, 0)
  })

  it('says when the foreground leaves 0 and comes back to it, and not in between', () => {
    const seen: number[] = []
    const onForeground = () => seen.push(wheel.foreground)
    const wheel = new TimerWheel({ tickMs: TICK_MS, startAt: 0, onForeground })
    const task = { run() {} }
    wheel.add(10, task, true, 0)
    assert.deepEqual(seen, [])
    const first = wheel.add(10, task, false, 0)
    wheel.add(20, task, false, 0)
    first.cancel()
    assert.deepEqual(seen, [1])
    wheel.advance(20)
    assert.deepEqual(seen, [1, 0])
  })

  it('counts the foreground apart', () => {
    const wheel = new TimerWheel({ tickMs: TICK_MS, startAt: 0 })
    const heartbeat = wheel.add(10, { run() {} }, true, 0)
    const call = wheel.add(10, { run() {} }, false, 0)
    assert.deepEqual([heartbeat.background, call.background, heartbeat.at], [true, false, 10])
    assert.deepEqual([wheel.size, wheel.foreground], [2, 1])
    wheel.cancel(call)
    assert.deepEqual([wheel.size, wheel.foreground], [1, 0])
    wheel.advance(10)
    assert.deepEqual([wheel.size, wheel.foreground], [0, 0])
  })

  it('starts from now when it is empty, so that a delay after a long rest does not cascade', () => {
    const { wheel, ran, add } = recorder()
    wheel.add(5_000_160, { run: () => ran.push('after a rest') }, false, 5_000_064)
    assert.equal(wheel.nextAt(), 5_000_160)
    // Not empty any more: this is not looked at.
    wheel.add(5_000_100, { run: () => ran.push('sooner') }, false, 9_000_000)
    add(5_000_140, 'between')
    wheel.advance(5_000_160)
    assert.deepEqual(ran, ['sooner', 'between', 'after a rest'])
  })

  it('survives a clock that goes back', () => {
    const { wheel, ran, add } = recorder()
    add(1_000, 'a')
    wheel.advance(500)
    wheel.advance(100)
    add(150, 'b')
    wheel.advance(150)
    assert.deepEqual(ran, ['b'])
    wheel.advance(1_000)
    assert.deepEqual(ran, ['b', 'a'])
  })

  it('refuses instants that are not finite, and stays usable', () => {
    const { wheel, ran, add } = recorder()
    for (const bad of [NaN, Infinity, -Infinity]) {
      assert.throws(() => add(bad, 'never'), { name: 'RangeError', message: /^at must be a number from .* but is / })
    }
    assert.equal(wheel.size, 0)
    add(10, 'a')
    wheel.advance(10)
    assert.deepEqual(ran, ['a'])
  })
})
