import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Context } from '../core/context.ts'
import { manualClock } from '../testing/manual-clock.ts'
import { type CheckFunction, type HealthCheck, KeptCheck } from './health-check.ts'

/** A check on a clock of its own, and what is told of it. */
function kept(check: CheckFunction, options?: Omit<HealthCheck, 'check'>) {
  const clock = manualClock()
  const told: string[] = []
  const subject = new KeptCheck('db', { check, ...options }, clock, ({ status, failure }) =>
    told.push(`${status}: ${failure}`),
  )
  return { clock, told, subject }
}

describe('KeptCheck', () => {
  it('passes, and says when and how long it took', async () => {
    const { clock, subject, told } = kept(async ({ clock }: Context) => await clock.sleep(30))
    assert.equal(subject.last, undefined)
    const asked = subject.ask()
    await clock.advance(30)
    const report = await asked
    const expected = { name: 'db', kind: 'readiness', status: 'pass', tookMs: 30, failure: undefined }
    assert.deepEqual(report, { ...expected, at: Date.UTC(2026, 0, 1) + 30 })
    assert.equal(subject.last, report)
    assert.deepEqual(told, [])
    assert.equal(clock.pending, 0)
  })

  it('fails when the check throws, rejects or gives false', async () => {
    const failures: [CheckFunction, string][] = [
      [
        () => {
          throw new Error('no db')
        },
        'no db',
      ],
      [() => Promise.reject(new Error('gone')), 'gone'],
      [() => Promise.reject('a text'), 'a text'],
      [async () => false, 'the check gave false'],
      // What cannot be shown must not keep a check from ever being asked again.
      [() => Promise.reject(Object.create(null)), 'what was thrown cannot be shown'],
    ]
    for (const [check, failure] of failures) {
      const { subject } = kept(check)
      const { status, failure: shown } = await subject.ask()
      assert.deepEqual([status, shown], ['fail', failure])
    }
    assert.equal((await kept(() => undefined).subject.ask()).status, 'pass')
    assert.equal((await kept(async () => 0).subject.ask()).status, 'pass')
  })

  it('warns when it is not critical', async () => {
    const { subject, told } = kept(() => false, { critical: false })
    assert.equal((await subject.ask()).status, 'warn')
    assert.deepEqual(told, ['warn: the check gave false'])
  })

  it('fails at the end of its time, tells the check so, and asks it anew later', async () => {
    let hangs = true
    const aborted: boolean[] = []
    const { clock, subject } = kept(
      (ctx) => {
        ctx.signal.addEventListener('abort', () => aborted.push(ctx.aborted))
        return hangs ? new Promise(() => {}) : undefined
      },
      { timeoutMs: 200, cacheMs: 100 },
    )
    const asked = subject.ask()
    await clock.advance(200)
    const { status, failure, tookMs } = await asked
    assert.deepEqual([status, failure, tookMs], ['fail', 'the check did not end within 200ms', 200])
    assert.deepEqual(aborted, [true])
    hangs = false
    await clock.advance(100)
    assert.equal((await subject.ask()).status, 'pass')
    assert.equal(clock.pending, 0)
  })

  it('runs once more at most beside one that hangs, and fails with how long that has hung', async () => {
    const runs: PromiseWithResolvers<void>[] = []
    const hangs = () => {
      const run = Promise.withResolvers<void>()
      runs.push(run)
      return run.promise
    }
    const { clock, subject, told } = kept(hangs, { timeoutMs: 200, cacheMs: 100 })
    const found: (string | undefined)[] = []
    const ask = async (afterMs: number, waitMs: number) => {
      await clock.advance(afterMs)
      const asked = subject.ask()
      await clock.advance(waitMs)
      const { status, failure } = await asked
      found.push(failure ?? status)
    }
    await ask(0, 200)
    for (let asks = 0; asks < 3; asks++) await ask(100, asks === 0 ? 200 : 0)
    await ask(59_900, 0)
    assert.deepEqual(found.splice(0), [
      'the check did not end within 200ms',
      'the check did not end within 200ms',
      'the check has not ended for 600ms',
      'the check has not ended for 700ms',
      'the check has not ended for 1m0.6s',
    ])
    assert.equal(runs.length, 2)
    assert.equal(clock.pending, 0)
    // One of both has ended, late and badly: there is room for another.
    runs[0]?.reject(new Error('late'))
    await ask(100, 200)
    await ask(100, 0)
    assert.deepEqual(found.splice(0), ['the check did not end within 200ms', 'the check has not ended for 1m0.7s'])
    assert.equal(runs.length, 3)
    for (const run of runs) run.resolve()
    const asked = ask(100, 0)
    await clock.advance(0)
    runs[3]?.resolve()
    await asked
    assert.deepEqual(found, ['pass'])
    assert.equal(told.length, 2)
    assert.equal(clock.pending, 0)
  })

  it('goes on beside one that hangs as long as the other ends', async () => {
    let runs = 0
    const { clock, subject } = kept(() => (++runs === 1 ? new Promise(() => {}) : runs % 2 === 0), {
      timeoutMs: 10,
      cacheMs: 0,
    })
    const asked = subject.ask()
    await clock.advance(10)
    assert.equal((await asked).status, 'fail')
    const found: string[] = []
    for (let asks = 0; asks < 4; asks++) found.push((await subject.ask()).status)
    assert.deepEqual(found, ['pass', 'fail', 'pass', 'fail'])
    assert.equal(runs, 5)
  })

  it('runs once for all who ask meanwhile, and not again as long as its answer holds', async () => {
    let runs = 0
    const { clock, subject } = kept(({ clock }) => {
      runs++
      return clock.sleep(10)
    })
    const asked = [subject.ask(), subject.ask(), subject.ask()]
    await clock.advance(10)
    const reports = await Promise.all(asked)
    assert.equal(new Set(reports).size, 1)
    await clock.advance(999)
    assert.equal(await subject.ask(), reports[0])
    assert.equal(runs, 1)
    await clock.advance(1)
    const again = subject.ask()
    await clock.advance(10)
    assert.notEqual(await again, reports[0])
    assert.equal(runs, 2)
  })

  it('keeps failures as long, and runs each time where nothing is kept', async () => {
    let runs = 0
    const fails = () => {
      runs++
      return false
    }
    const keeping = kept(fails)
    await keeping.subject.ask()
    await keeping.subject.ask()
    assert.equal(runs, 1)
    const { subject } = kept(fails, { cacheMs: 0 })
    await subject.ask()
    await subject.ask()
    assert.equal(runs, 3)
  })

  it('tells when its status is another one', async () => {
    let works = true
    const { subject, told } = kept(() => works, { cacheMs: 0 })
    for (const next of [true, false, false, true, true]) {
      works = next
      await subject.ask()
    }
    assert.deepEqual(told, ['fail: the check gave false', 'pass: undefined'])
  })

  it('refuses options that make no sense, by the name of the check', () => {
    const refused: [unknown, RegExp][] = [
      [undefined, /the check db must be or have a function/],
      [{ check: 'select 1' }, /the check db must be or have a function/],
      [{ check: () => {}, timeoutMs: 0 }, /timeoutMs of the check db must be a number from 1/],
      [{ check: () => {}, cacheMs: -1 }, /cacheMs of the check db must be/],
      [{ check: () => {}, kind: 'startup' }, /kind of the check db must be readiness or liveness, but is startup/],
    ]
    for (const [given, message] of refused)
      assert.throws(() => new KeptCheck('db', given as HealthCheck, manualClock(), () => {}), message)
    assert.throws(
      () =>
        new KeptCheck(
          '',
          () => {},
          manualClock(),
          () => {},
        ),
      /must have a name/,
    )
  })
})
