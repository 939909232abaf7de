// Tests of manual-clock.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { rootContext } from '../core/context.ts'
import { seededRandom } from '../primitives/random.ts'
import { manualClock } from './manual-clock.ts'

describe('manualClock', () => {
  it('stands still until it is moved', async () => {
    const clock = manualClock({ startAt: 50, wallStartAt: 1_000 })
    await clock.settle()
    assert.deepEqual([clock.now(), clock.wallNow()], [50, 1_000])
    await clock.advance(7.5)
    assert.deepEqual([clock.now(), clock.wallNow()], [57.5, 1_007.5])
  })

  it('runs each at its own moment, and of one moment the first scheduled first', async () => {
    const clock = manualClock()
    const ran: [string, number][] = []
    const note = (name: string) => () => void ran.push([name, clock.now()])
    clock.schedule(20, note('c'))
    clock.schedule(10, note('a'))
    clock.scheduleAt(10, { run: note('b') })
    clock.schedule(30.5, note('late'))
    await clock.advance(30)
    assert.deepEqual(ran, [
      ['a', 10],
      ['b', 10],
      ['c', 20],
    ])
    assert.deepEqual([clock.now(), clock.pending, clock.nextAt], [30, 1, 30.5])
  })

  it('lets all that follows from a run happen before the next one', async () => {
    const clock = manualClock()
    const ran: string[] = []
    clock.schedule(10, () => {
      void Promise.resolve()
        .then(() => {})
        .then(() => {})
        .then(() => clock.sleep(5))
        .then(() => ran.push(`inner ${clock.now()}`))
    })
    clock.schedule(20, () => void ran.push(`outer ${clock.now()}`))
    await clock.advance(20)
    assert.deepEqual(ran, ['inner 15', 'outer 20'])
  })

  it('runs what is due already when it is advanced by nothing', async () => {
    const clock = manualClock({ startAt: 100 })
    let ran = 0
    clock.schedule(0, () => ran++)
    clock.scheduleAt(3, { run: () => ran++ })
    await clock.advance(0)
    assert.deepEqual([ran, clock.now()], [2, 100])
  })

  it('never runs what was cancelled, or what is due never', async () => {
    const clock = manualClock()
    let ran = 0
    const timer = clock.schedule(5, () => ran++)
    const never = clock.schedule(Infinity, () => ran++)
    assert.equal(clock.pending, 1)
    timer.cancel()
    timer.cancel()
    never.cancel()
    assert.equal(clock.pending, 0)
    await clock.advance(1_000)
    assert.equal(ran, 0)
  })

  it('runs ten thousand sleeping tasks, each time in the same order', async () => {
    const trace = async () => {
      const clock = manualClock()
      const random = seededRandom('sleepers')
      const woken: string[] = []
      const tasks = Array.from({ length: 10_000 }, async (_, task) => {
        for (let nap = 0; nap < 2; nap++) {
          await clock.sleep(Math.floor(random() * 50))
          woken.push(`${task}@${clock.now()}`)
        }
      })
      await clock.runAll()
      await Promise.all(tasks)
      return woken
    }
    const first = await trace()
    assert.equal(first.length, 20_000)
    assert.deepEqual(await trace(), first)
  })

  it('runs exactly what a sorted list would, whatever is scheduled and cancelled', async () => {
    const step = fc.record({ delay: fc.integer({ min: 0, max: 20 }), cancels: fc.option(fc.nat(30)) })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.integer({ min: 0, max: 25 }), async (steps, until) => {
        const clock = manualClock()
        const ran: number[] = []
        const expected = steps.map(({ delay }, id) => ({ id, delay, live: true }))
        const timers = steps.map(({ delay }, id) => clock.schedule(delay, () => void ran.push(id)))
        for (const { cancels } of steps) {
          if (cancels === null) continue
          timers[cancels]?.cancel()
          const cancelled = expected[cancels]
          if (cancelled !== undefined) cancelled.live = false
        }
        await clock.advance(until)
        const due = expected.filter(({ live, delay }) => live && delay <= until).sort((a, b) => a.delay - b.delay)
        assert.deepEqual(
          ran,
          due.map(({ id }) => id),
        )
        assert.equal(clock.pending, expected.filter(({ live }) => live).length - due.length)
      }),
      { numRuns: 60 },
    )
  })

  it('gives up on what sets itself again and again', async () => {
    const clock = manualClock()
    const again = (): void => void clock.schedule(1, again)
    again()
    await assert.rejects(clock.runAll(100), { message: /still 1 pending after 100 runs/ })
  })

  it('is the clock of a context', async () => {
    const clock = manualClock()
    using ctx = rootContext({ clock }).withTimeout(10)
    const sleeping = assert.rejects(clock.sleep(50, ctx), { code: 'deadline_exceeded' })
    await clock.advance(10)
    await sleeping
    assert.deepEqual([clock.now(), clock.pending], [10, 0])
  })

  it('refuses what makes no sense', async () => {
    const clock = manualClock()
    assert.throws(() => clock.schedule(-1, () => {}), { name: 'RangeError', message: /^delayMs/ })
    assert.throws(() => manualClock({ startAt: Number.NaN }), { name: 'RangeError', message: /^startAt/ })
    await assert.rejects(clock.advance(-1), { name: 'RangeError', message: /^ms/ })
  })
})
