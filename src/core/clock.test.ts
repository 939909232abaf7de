// Tests of clock.ts in real time, which no other file may use: no test asks for a run to be early enough, since any machine may be slow.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { manualClock } from '../testing/manual-clock.ts'
import { type Abortable, sleepOn, systemClock } from './clock.ts'
import { rootContext } from './context.ts'

/** Resolves when everything that was scheduled before for up to that many milliseconds must have run. */
const elapsed = (ms: number) => new Promise<void>((resolve) => systemClock.schedule(ms, resolve))

/** What a program of its own prints. It is killed when it has not ended by itself after a time that only a hang takes. */
async function run(program: string): Promise<{ printed: string[]; complaints: string }> {
  const script = `import { systemClock as clock } from ${JSON.stringify(new URL('./clock.ts', import.meta.url))}\n${program}`
  const options = { timeout: 20_000, killSignal: 'SIGKILL' } as const
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script],
    options,
  )
  return { printed: stdout.split('\n').filter(Boolean), complaints: stderr }
}

/** Stands for a Context, and counts who listens. */
class Switch implements Abortable {
  aborted = false
  cause: unknown
  readonly listeners = new Set<(cause: unknown) => void>()

  onAbort(listener: (cause: unknown) => void): Disposable {
    this.listeners.add(listener)
    return { [Symbol.dispose]: () => void this.listeners.delete(listener) }
  }

  abort(cause: unknown): void {
    this.aborted = true
    this.cause = cause
    for (const listener of this.listeners) listener(cause)
  }
}

describe('systemClock', () => {
  it('moves on, in milliseconds with fractions', () => {
    const readings = Array.from({ length: 1_000 }, () => systemClock.now())
    assert.ok(readings.every((at, index) => at >= (readings[index - 1] ?? 0)))
    assert.ok(readings.some((at) => !Number.isInteger(at)))
  })

  it('tells the time of the wall', () => {
    const before = Date.now()
    const wall = systemClock.wallNow()
    assert.ok(before <= wall && wall <= Date.now())
  })

  it('runs nothing early, whatever the fraction of a millisecond', async () => {
    const early: number[] = []
    for (let i = 0; i < 400; i++) {
      const delayMs = ((i * 37) % 40) + i / 400
      const dueAt = systemClock.now() + delayMs
      systemClock.schedule(delayMs, () => void (systemClock.now() < dueAt && early.push(dueAt)))
      systemClock.scheduleAt(dueAt, { run: () => void (systemClock.now() < dueAt && early.push(dueAt)) })
    }
    await elapsed(41)
    assert.deepEqual(early, [])
  })

  it('runs what is due sooner first, and what was scheduled sooner first when both are due at the same moment', async () => {
    const ran: string[] = []
    const at = systemClock.now() + 20
    for (const [name, moment] of [
      ['last', at + 16],
      ['second a', at + 8],
      ['first a', at],
      ['second b', at + 8],
      ['first b', at],
    ] as const) {
      systemClock.scheduleAt(moment, { run: () => void ran.push(name) })
    }
    await elapsed(40)
    assert.deepEqual(ran, ['first a', 'first b', 'second a', 'second b', 'last'])
  })

  it('runs what is scheduled for sooner than all that is pending already', async () => {
    const distant = systemClock.schedule(3_600_000, () => {})
    await elapsed(1)
    distant.cancel()
  })

  it('never runs what was cancelled, however late', async () => {
    const ran: string[] = []
    const timers = [0, 1, 5, 10].map((ms) => systemClock.schedule(ms, () => void ran.push(`cancelled ${ms}`)))
    for (const timer of timers) timer.cancel()
    systemClock.schedule(2, () => void ran.push('kept'))
    const byOther = systemClock.schedule(12, () => void ran.push('cancelled by another run'))
    systemClock.schedule(4, () => byOther.cancel())
    await elapsed(20)
    assert.deepEqual(ran, ['kept'])
  })

  it('lets a run cancel what is due together with it, and itself', async () => {
    const ran: string[] = []
    const at = systemClock.now() + 5
    const first = systemClock.scheduleAt(at, {
      run: () => {
        ran.push('first')
        second.cancel()
        first.cancel()
      },
    })
    const second = systemClock.scheduleAt(at, { run: () => void ran.push('second') })
    const third = systemClock.scheduleAt(at, { run: () => void ran.push('third') })
    await elapsed(10)
    third.cancel()
    assert.deepEqual(ran, ['first', 'third'])
  })

  it('runs what a run schedules, after all that is due already', async () => {
    const ran: string[] = []
    const at = systemClock.now() + 5
    const done = Promise.withResolvers<void>()
    const again = () => {
      ran.push('again')
      if (ran.length < 5) systemClock.schedule(0, again)
      else done.resolve()
    }
    systemClock.scheduleAt(at, { run: () => void systemClock.scheduleAt(0, { run: again }) })
    systemClock.scheduleAt(at, { run: () => void ran.push('due already') })
    await done.promise
    assert.deepEqual(ran, ['due already', 'again', 'again', 'again', 'again'])
  })

  it('runs at a moment that has passed long ago, even one before the clock began', async () => {
    await Promise.all(
      [systemClock.now() - 1_000, 0, -1, Number.MIN_SAFE_INTEGER * 4, -Infinity].map(
        (at) => new Promise<void>((run) => systemClock.scheduleAt(at, { run })),
      ),
    )
  })

  it('never comes to a moment beyond what a clock can tell, and holds the process for none', async () => {
    const { printed } = await run(`
      const ran = () => console.log('ran')
      const timers = [clock.schedule(Infinity, ran), clock.schedule(Number.MAX_VALUE, ran),
        clock.scheduleAt(Infinity, { run: ran }), clock.scheduleAt(Number.MAX_SAFE_INTEGER * 2, { run: ran })]
      clock.schedule(5, () => console.log('ends'))
      timers[0].cancel()
    `)
    assert.deepEqual(printed, ['ends'])
  })

  it('refuses delays that make no sense, and goes on', async () => {
    for (const delayMs of [Number.NaN, -1, -Infinity]) {
      assert.throws(() => systemClock.schedule(delayMs, () => {}), /RangeError: delayMs must be a number from 0 /)
      await assert.rejects(systemClock.sleep(delayMs), /RangeError: delayMs must be a number from 0 /)
    }
    assert.throws(() => systemClock.schedule('5' as never, () => {}), TypeError)
    assert.throws(() => systemClock.scheduleAt(Number.NaN, { run() {} }), RangeError)
    await elapsed(1)
  })

  it('sleeps no shorter than it was told', async () => {
    const before = systemClock.now()
    await systemClock.sleep(7.5)
    assert.ok(systemClock.now() - before >= 7.5)
  })

  it('wakes as soon as the context is over, by its deadline or by hand', async () => {
    const canceled = rootContext().withCancel()
    const byHand = assert.rejects(systemClock.sleep(3_600_000, canceled), /by hand/)
    canceled.cancel(new Error('by hand'))
    await byHand
    await assert.rejects(systemClock.sleep(Infinity, rootContext().withTimeout(3)), { code: 'deadline_exceeded' })
  })
})

describe('systemClock in a process', { concurrency: true }, () => {
  it('lets the process end while only background work is pending', async () => {
    const { printed } = await run(`
      clock.schedule(60_000, () => console.log('ran'), { background: true })
      process.on('exit', () => console.log('ends'))
    `)
    assert.deepEqual(printed, ['ends'])
  })

  it('keeps the process alive for work in the foreground, and not longer, whichever was scheduled first', async () => {
    const { printed } = await run(`
      clock.schedule(60_000, () => console.log('too late'), { background: true })
      clock.schedule(10, () => console.log('background'), { background: true })
      clock.schedule(40, () => console.log('foreground'))
      clock.schedule(60_000, () => console.log('too late'), { background: true })
    `)
    assert.deepEqual(printed, ['background', 'foreground'])
  })

  it('keeps the process alive for what comes to the foreground later, and for a sleep', async () => {
    const { printed } = await run(`
      clock.schedule(60_000, () => console.log('too late'), { background: true })
      clock.schedule(5, () => {
        console.log('first')
        clock.schedule(20, () => {})
        clock.schedule(5, () => clock.schedule(30, second), { background: true })
      })
      async function second() {
        console.log('second')
        await clock.sleep(5)
        console.log('slept')
      }
    `)
    assert.deepEqual(printed, ['first', 'second', 'slept'])
  })

  it('lets the process end when the work in the foreground is cancelled', async () => {
    const { printed } = await run(`
      const timer = clock.schedule(60_000, () => console.log('ran'))
      const other = clock.schedule(70_000, () => console.log('ran'))
      other.cancel()
      clock.schedule(10, () => timer.cancel())
      process.on('exit', () => console.log('ends'))
    `)
    assert.deepEqual(printed, ['ends'])
  })

  it('loses no other run when one throws, and hides no error', async () => {
    const { printed } = await run(`
      process.on('uncaughtException', (error) => console.log(error.message))
      const at = clock.now() + 10
      for (const name of ['a', 'b', 'c', 'd']) {
        clock.scheduleAt(at, { run() {
          console.log('run', name)
          if (name !== 'b') throw new Error('thrown by ' + name)
        } })
      }
      clock.scheduleAt(at + 20, { run: () => console.log('later') })
    `)
    const inOrder = ['run a', 'thrown by a', 'run b', 'run c', 'thrown by c', 'run d', 'thrown by d', 'later']
    assert.deepEqual(printed, inOrder)
  })

  it('waits for what is due later than the platform’s timer can be set', async () => {
    const { printed, complaints } = await run(`
      clock.schedule(2 ** 32, () => console.log('ran'), { background: true })
      clock.schedule(60 * 365 * 86_400_000, () => console.log('ran'), { background: true })
      setTimeout(() => console.log('ends'), 20)
    `)
    assert.deepEqual(printed, ['ends'])
    assert.doesNotMatch(complaints, /Timeout/)
  })
})

describe('sleepOn', () => {
  it('resolves exactly after the delay, and lets go of the context', async () => {
    const clock = manualClock()
    const until = new Switch()
    let woken = false
    sleepOn(clock, 100, until).then(() => {
      woken = true
    })
    await clock.advance(99)
    assert.deepEqual([woken, until.listeners.size], [false, 1])
    await clock.advance(1)
    assert.deepEqual([woken, until.listeners.size], [true, 0])
  })

  it('rejects with the very cause, and takes its timer back', async () => {
    const clock = manualClock()
    const until = new Switch()
    const asleep = sleepOn(clock, 100, until)
    const cause = { because: 'of this' }
    until.abort(cause)
    await assert.rejects(asleep, (thrown) => thrown === cause)
    assert.equal(clock.pending, 0)
  })

  it('does not begin when it is over already', async () => {
    const clock = manualClock()
    const until = new Switch()
    until.abort('before')
    await assert.rejects(sleepOn(clock, 0, until), (thrown) => thrown === 'before')
    assert.deepEqual([clock.pending, until.listeners.size], [0, 0])
  })

  it('takes its timer back when the context ends it in the act of listening', async () => {
    const clock = manualClock()
    const until: Abortable = {
      aborted: false,
      cause: undefined,
      onAbort(listener) {
        listener('at once')
        return { [Symbol.dispose]() {} }
      },
    }
    await assert.rejects(sleepOn(clock, 10, until), (thrown) => thrown === 'at once')
    assert.equal(clock.pending, 0)
  })

  it('sleeps until it is aborted when the delay is Infinity', async () => {
    const clock = manualClock()
    const until = new Switch()
    const asleep = sleepOn(clock, Infinity, until)
    await clock.advance(Number.MAX_SAFE_INTEGER)
    until.abort('enough')
    await assert.rejects(asleep, (thrown) => thrown === 'enough')
  })

  it('stays awake once it is woken, although the context is aborted later', async () => {
    const clock = manualClock()
    const ctx = rootContext({ clock }).withCancel()
    const asleep = sleepOn(clock, 5, ctx)
    await clock.advance(5)
    ctx.cancel(new Error('too late'))
    await asleep
  })
})
