// Tests of manual-clock.ts: time stands still until it is moved, and then everything happens at its moment, in one order.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Timer } from '../core/clock.ts'
import { rootContext } from '../core/context.ts'
import { seededRandom } from '../primitives/random.ts'
import { manualClock } from './manual-clock.ts'

describe('ManualClock', () => {
  it('stands still until it is moved, and then moves both of its times', async () => {
    const clock = manualClock()
    assert.deepEqual([clock.now(), new Date(clock.wallNow()).toISOString()], [0, '2026-01-01T00:00:00.000Z'])
    await clock.settle()
    await clock.advance(0)
    assert.equal(clock.now(), 0)
    await clock.advance(1.5)
    assert.deepEqual([clock.now(), new Date(clock.wallNow()).toISOString()], [1.5, '2026-01-01T00:00:00.001Z'])
  })

  it('begins where it is told to', async () => {
    const clock = manualClock({ startAt: 500, wallStartAt: 1_000_000 })
    await clock.advance(10)
    assert.deepEqual([clock.now(), clock.wallNow()], [510, 1_000_010])
  })

  it('runs nothing before its moment, and at the moment says just that time', async () => {
    const clock = manualClock({ startAt: 7 })
    const ran: number[] = []
    for (const delayMs of [10.25, 3, 10, 0]) clock.schedule(delayMs, () => ran.push(clock.now()))
    clock.scheduleAt(12, { run: () => ran.push(clock.now()) })
    await clock.advance(9.999)
    assert.deepEqual(ran, [7, 10, 12])
    await clock.advance(0.001)
    assert.deepEqual(ran, [7, 10, 12, 17])
    await clock.advance(1_000)
    assert.deepEqual(ran, [7, 10, 12, 17, 17.25])
    assert.ok(Math.abs(clock.now() - 1_017) < 1e-9)
  })

  it('runs what is due at the same moment in the order in which it was scheduled, background or not', async () => {
    const clock = manualClock()
    const ran: string[] = []
    clock.schedule(10, () => ran.push('a'))
    clock.schedule(5, () => {
      ran.push('first')
      clock.schedule(5, () => ran.push('d'))
    })
    clock.scheduleAt(10, { run: () => ran.push('b') }, { background: true })
    clock.schedule(10, () => ran.push('c'), { background: false })
    await clock.advance(10)
    assert.deepEqual(ran, ['first', 'a', 'b', 'c', 'd'])
  })

  it('runs what is due now when it is moved by nothing, and what that schedules for now', async () => {
    const clock = manualClock()
    const ran: string[] = []
    clock.schedule(0, () => {
      ran.push('a')
      clock.schedule(0, () => ran.push('b'))
      clock.scheduleAt(-5, { run: () => ran.push('past') })
      clock.schedule(0.001, () => ran.push('later'))
    })
    assert.deepEqual(ran, [])
    await clock.advance(0)
    assert.deepEqual([ran, clock.now(), clock.pending], [['a', 'past', 'b'], 0, 1])
  })

  it('never goes back, whatever is scheduled for the past', async () => {
    const clock = manualClock({ startAt: 100 })
    const ran: number[] = []
    for (const at of [50, -Infinity, 0]) clock.scheduleAt(at, { run: () => ran.push(clock.now()) })
    assert.equal(clock.nextAt, -Infinity)
    await clock.advance(0)
    assert.deepEqual([ran, clock.now()], [[100, 100, 100], 100])
  })

  it('never goes back when it is moved by two at once', async () => {
    for (const moves of [
      [10, 5],
      [5, 10],
    ]) {
      const clock = manualClock()
      const ran: number[] = []
      for (const ms of [7, 3]) clock.schedule(ms, () => ran.push(clock.now()))
      await Promise.all(moves.map((ms) => clock.advance(ms)))
      assert.deepEqual([ran, clock.now()], [[3, 7], 10])
      await Promise.all(moves.map((ms) => clock.advance(ms)))
      assert.equal(clock.now(), 20)
    }
  })

  it('may be moved by what it runs', async () => {
    const clock = manualClock()
    const ran: string[] = []
    clock.schedule(5, async () => {
      await clock.advance(10)
      ran.push(`moved to ${clock.now()}`)
    })
    clock.schedule(12, () => ran.push('between'))
    await clock.advance(6)
    await clock.settle()
    await clock.advance(20)
    assert.deepEqual(ran, ['between', 'moved to 15'])
  })

  it('lets all that follows from a run happen before the next one, however long that chain of promises', async () => {
    const clock = manualClock()
    const ran: string[] = []
    const follow = async (name: string) => {
      for (let step = 0; step < 1_000; step++) await null
      process.nextTick(() => ran.push(`${name} done at ${clock.now()}`))
    }
    clock.schedule(1, () => void follow('a'))
    clock.schedule(1, () => void follow('b'))
    clock.schedule(2, () => void follow('c'))
    await clock.advance(2)
    assert.deepEqual(ran, ['a done at 1', 'b done at 1', 'c done at 2'])
  })

  it('lets what was begun before it is moved happen at the old time', async () => {
    const clock = manualClock()
    const ran: number[] = []
    const work = async () => {
      await null
      clock.schedule(5, () => ran.push(clock.now()))
    }
    void work()
    await clock.advance(10)
    assert.deepEqual(ran, [5])
  })

  it('counts what is pending, and says when the next is due', async () => {
    const clock = manualClock()
    assert.deepEqual([clock.pending, clock.nextAt], [0, Infinity])
    clock.schedule(20, () => {})
    const timer = clock.schedule(10, () => {})
    assert.deepEqual([clock.pending, clock.nextAt], [2, 10])
    timer.cancel()
    assert.deepEqual([clock.pending, clock.nextAt], [1, 20])
    await clock.advance(20)
    assert.deepEqual([clock.pending, clock.nextAt], [0, Infinity])
  })

  it('never runs what is due at no moment, and does not count it', async () => {
    const clock = manualClock()
    const timers = [clock.schedule(Infinity, assert.fail), clock.scheduleAt(Infinity, { run: assert.fail })]
    const other = clock.schedule(5, () => {})
    assert.equal(clock.pending, 1)
    for (const timer of timers) timer.cancel()
    assert.equal(clock.pending, 1)
    await clock.runAll()
    assert.equal(clock.now(), 5)
    other.cancel()
  })

  it('takes back exactly what is cancelled, before, while and after it is due', async () => {
    const clock = manualClock()
    const ran: number[] = []
    const timers: Timer[] = []
    for (let i = 0; i < 6; i++) {
      timers.push(
        clock.schedule(10, () => {
          ran.push(i)
          if (i === 1) for (const other of [0, 1, 3]) timers[other]?.cancel()
        }),
      )
    }
    timers[5]?.cancel()
    timers[5]?.cancel()
    assert.equal(clock.pending, 5)
    await clock.advance(10)
    assert.deepEqual(ran, [0, 1, 2, 4])
    for (const timer of timers) timer.cancel()
    assert.equal(clock.pending, 0)
  })

  it('gives on what a run throws, at that moment, and loses no other', async () => {
    const clock = manualClock()
    const ran: string[] = []
    const thrown = new Error('thrown by a run')
    clock.schedule(5, () => {
      throw thrown
    })
    clock.schedule(5, () => ran.push('same moment'))
    clock.schedule(8, () => ran.push('later'))
    await assert.rejects(clock.advance(10), thrown)
    assert.deepEqual([clock.now(), ran, clock.pending], [5, [], 2])
    await clock.advance(5)
    assert.deepEqual([clock.now(), ran], [10, ['same moment', 'later']])
  })

  it('refuses times that make no sense', async () => {
    const clock = manualClock()
    for (const ms of [Number.NaN, -1, Infinity]) await assert.rejects(clock.advance(ms), RangeError)
    for (const ms of [Number.NaN, -1]) assert.throws(() => clock.schedule(ms, () => {}), RangeError)
    assert.throws(() => clock.scheduleAt(Number.NaN, { run() {} }), RangeError)
    await assert.rejects(clock.sleep(-1), RangeError)
    for (const startAt of [Number.NaN, -1, Infinity]) assert.throws(() => manualClock({ startAt }), RangeError)
    assert.deepEqual([clock.pending, clock.now()], [0, 0])
  })

  it('wakes sleepers at their moment, or with the end of their context', async () => {
    const clock = manualClock()
    const woken: string[] = []
    const sleep = async (name: string, ms: number, deadlineMs: number) => {
      const how = await clock.sleep(ms, rootContext({ clock }).withTimeout(deadlineMs)).then(
        () => 'woke',
        () => 'was woken',
      )
      woken.push(`${name} ${how} at ${clock.now()}`)
    }
    const all = [sleep('a', 10, 100), sleep('b', 10, 5), sleep('c', 10, 10), sleep('d', Infinity, 50)]
    await clock.advance(100)
    await Promise.all(all)
    assert.deepEqual(woken, ['b was woken at 5', 'a woke at 10', 'c woke at 10', 'd was woken at 50'])
    assert.equal(clock.pending, 0)
  })

  it('runs everything in the order of a list that is sorted, whatever is scheduled and cancelled meanwhile', async () => {
    const anyMoment = fc.oneof(fc.nat(5), fc.double({ min: -10, max: 50, noNaN: true }))
    const anyDeed = fc.record({
      delayMs: fc.constantFrom(0, 0, 1, 3),
      cancels: fc.option(fc.nat(20), { nil: undefined }),
    })
    const anyRun = fc.record({ at: anyMoment, deed: fc.option(anyDeed, { nil: undefined }) })
    await fc.assert(
      fc.asyncProperty(fc.array(anyRun, { maxLength: 20 }), async (runs) => {
        const clock = manualClock()
        // The model: what is pending, in the order in which it was scheduled.
        let pending: { readonly at: number; readonly id: number }[] = []
        const timers: Timer[] = []
        const schedule = (at: number, deed: (typeof runs)[number]['deed']) => {
          const id = timers.length
          pending.push({ at, id })
          const run = () => {
            const next = pending.toSorted((a, b) => a.at - b.at)[0]
            assert.equal(next?.id, id)
            assert.equal(clock.now(), Math.max(clock.now(), at))
            pending = pending.filter((each) => each.id !== id)
            if (deed === undefined) return
            schedule(clock.now() + deed.delayMs, undefined)
            if (deed.cancels === undefined) return
            const cancelled = deed.cancels % timers.length
            timers[cancelled]?.cancel()
            pending = pending.filter((each) => each.id !== cancelled)
            assert.equal(clock.pending, pending.length)
          }
          timers.push(clock.scheduleAt(at, { run }))
        }
        for (const { at, deed } of runs) schedule(at, deed)
        await clock.advance(20)
        assert.ok(pending.every(({ at }) => at > 20))
        assert.equal(clock.pending, pending.length)
        await clock.runAll()
        assert.deepEqual(pending, [])
      }),
      { numRuns: 150 },
    )
  })
})

describe('ManualClock.runAll', () => {
  it('goes from one due moment to the next until nothing is pending, and no further', async () => {
    const clock = manualClock()
    const ran: number[] = []
    const again = () => {
      ran.push(clock.now())
      if (ran.length < 4) clock.schedule(100, again)
    }
    clock.schedule(1, again)
    await clock.runAll()
    assert.deepEqual([ran, clock.now()], [[1, 101, 201, 301], 301])
    await clock.runAll()
    assert.equal(clock.now(), 301)
  })

  it('waits for what a run leads to', async () => {
    const clock = manualClock()
    const work = async () => {
      await null
      for (let i = 0; i < 3; i++) await clock.sleep(10)
    }
    const working = work()
    await clock.runAll()
    await working
    assert.equal(clock.now(), 30)
  })

  it('gives up after so many runs', async () => {
    const clock = manualClock()
    let runs = 0
    const forever = () => {
      runs++
      clock.schedule(1, forever)
    }
    forever()
    clock.schedule(1_000_000, () => {})
    await assert.rejects(clock.runAll(50), { name: 'RangeError', message: 'still 2 pending after 50 runs' })
    assert.equal(runs, 51)
  })

  it('does not give up when the last run it may do was the last one', async () => {
    const clock = manualClock()
    for (let i = 0; i < 5; i++) clock.schedule(i, () => {})
    await clock.runAll(5)
    await clock.runAll(0)
    assert.equal(clock.pending, 0)
  })

  it('gives on what a run throws, and loses no other', async () => {
    const clock = manualClock()
    clock.schedule(1, () => assert.fail('thrown by a run'))
    clock.schedule(2, () => {})
    await assert.rejects(clock.runAll(), /thrown by a run/)
    assert.deepEqual([clock.now(), clock.pending], [1, 1])
  })

  it('refuses a number of runs that it would never reach', async () => {
    const clock = manualClock()
    for (const most of [Number.NaN, -1, 0.5]) await assert.rejects(clock.runAll(most), RangeError)
  })
})

describe('Ten thousand tasks on a manual clock', () => {
  /** Tasks that sleep, wake each other, give up and are called off; what they did, in order. */
  async function play(): Promise<string[]> {
    const clock = manualClock()
    const random = seededRandom('ten thousand')
    const log: string[] = []
    const root = rootContext({ clock })
    let doors: (() => void)[] = []
    const task = async (id: number) => {
      // Few enough moments that many tasks share each.
      const moment = () => Math.floor(random() * 50)
      const ctx = root.withTimeout(60)
      try {
        await clock.sleep(moment(), ctx)
        if (id % 7 === 0) await new Promise<void>((open) => doors.push(open))
        if (id % 5 === 0) for (const open of doors.splice(0)) open()
        await clock.sleep(moment(), ctx)
        log.push(`${id} done at ${clock.now()}`)
      } catch {
        log.push(`${id} late at ${clock.now()}`)
      } finally {
        ctx[Symbol.dispose]()
      }
    }
    const all = Array.from({ length: 10_000 }, (_, id) => task(id))
    await clock.advance(100)
    for (const open of doors) open()
    doors = []
    await clock.runAll()
    await Promise.all(all)
    assert.equal(clock.pending, 0)
    return log
  }

  it('do the same in the same order every time', async () => {
    const [once, again] = [await play(), await play()]
    assert.equal(new Set(once).size, 10_000)
    assert.ok(once.some((line) => line.includes('late')) && once.some((line) => line.includes('done')))
    assert.ok(again.join('\n') === once.join('\n'))
  })

  it('runs one thing at a time, before a moment, for those who drive it by themselves', () => {
    const clock = manualClock()
    const ran: number[] = []
    for (const delayMs of [10, 5, 10]) clock.schedule(delayMs, () => ran.push(clock.now()))
    assert.deepEqual([clock.runNext(10), ran, clock.now()], [true, [5], 5])
    assert.deepEqual([clock.runNext(10), ran, clock.now()], [false, [5], 10])
    assert.deepEqual([clock.runNext(11), clock.runNext(Infinity), clock.runNext(Infinity)], [true, true, false])
    assert.deepEqual([ran, clock.now()], [[5, 10, 10], 10])
  })
})
