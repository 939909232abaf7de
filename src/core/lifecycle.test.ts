// Tests of lifecycle.ts: whatever its parts do, a program starts in order, stops in reverse, and always ends.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type ManualClock, manualClock } from '../testing/manual-clock.ts'
import { type Component, type Lifecycle, type LifecycleOptions, lifecycle } from './lifecycle.ts'

/** What became of a promise, in words. */
type State = 'pending' | 'resolved' | { readonly thrown: unknown }

function watch(promise: Promise<void>): { state: State } {
  const seen: { state: State } = { state: 'pending' }
  promise.then(
    () => {
      seen.state = 'resolved'
    },
    (thrown) => {
      seen.state = { thrown }
    },
  )
  return seen
}

const until = (signal: AbortSignal) => new Promise<void>((end) => signal.addEventListener('abort', () => end()))
const forever = () => new Promise<void>(() => {})

class Program {
  readonly clock: ManualClock = manualClock()
  readonly log: string[] = []
  readonly life: Lifecycle

  constructor(parts: (program: Program) => readonly Component[], options?: LifecycleOptions) {
    this.life = lifecycle(parts(this), { clock: this.clock, stopTimeoutMs: 1_000, ...options })
  }

  /** A part that says what it does; `start` and `stop` take 10 ms each unless they are given. */
  part(name: string, given: Omit<Component, 'name'> = {}): Component {
    const { start, stop, run } = given
    return {
      name,
      start: async (signal) => {
        this.log.push(`start ${name}`)
        await (start === undefined ? this.clock.sleep(10) : start(signal))
        this.log.push(`${name} is ready`)
      },
      stop: async () => {
        this.log.push(`stop ${name}`)
        await (stop === undefined ? this.clock.sleep(10) : stop())
        this.log.push(`${name} has stopped`)
      },
      ...(run === undefined
        ? {}
        : {
            run: (signal) => {
              this.log.push(`run ${name}`)
              return run(signal)
            },
          }),
    }
  }

  /** Starts it, and lets it become ready. */
  async started(): Promise<void> {
    const starting = this.life.start()
    await this.clock.runAll()
    await starting
    this.log.length = 0
  }
}

const message = (state: State) =>
  typeof state === 'object' && state.thrown instanceof Error ? state.thrown.message : state

const stoppedWhileStarting = 'the program was stopped while it was starting'

describe('lifecycle', () => {
  it('starts the parts one after the other, and stops them in reverse, one after the other', async () => {
    const program = new Program((p) => [p.part('a'), p.part('b'), p.part('c')])
    const { life, clock, log } = program
    const [starting, closed] = [watch(life.start()), watch(life.closed)]
    assert.deepEqual(log, ['start a'])
    await clock.advance(29)
    assert.equal(starting.state, 'pending')
    await clock.advance(1)
    assert.equal(starting.state, 'resolved')
    assert.deepEqual(log.splice(0), ['start a', 'a is ready', 'start b', 'b is ready', 'start c', 'c is ready'])

    const stopping = watch(life.stop())
    await clock.advance(29)
    assert.deepEqual([stopping.state, closed.state], ['pending', 'pending'])
    await clock.advance(1)
    assert.deepEqual([stopping.state, closed.state], ['resolved', 'resolved'])
    assert.deepEqual(log, ['stop c', 'c has stopped', 'stop b', 'b has stopped', 'stop a', 'a has stopped'])
    assert.equal(clock.pending, 0)
  })

  it('takes parts that lack anything but a name, and no parts at all', async () => {
    for (const parts of [[], [{ name: 'a' }, { name: 'b', start() {} }, { name: 'c', stop() {} }]]) {
      const life = lifecycle(parts)
      await life.start()
      await life.stop()
      await life.closed
    }
  })

  it('calls the parts as methods', async () => {
    class Part implements Component {
      readonly name = 'part'
      readonly #log: string[] = []
      start(): void {
        this.#log.push('start')
      }
      stop(): void {
        assert.deepEqual(this.#log.splice(0), ['start', 'run'])
      }
      async run(): Promise<void> {
        this.#log.push('run')
        await forever
      }
    }
    const life = lifecycle([new Part()])
    await life.start()
    await life.stop()
  })

  it('starts once and stops once, however often it is asked', async () => {
    const program = new Program((p) => [p.part('a')])
    const { life, clock, log } = program
    assert.equal(life.start(), life.start())
    await clock.runAll()
    assert.equal(life.stop(), life.stop())
    assert.equal(life[Symbol.asyncDispose](), life.stop())
    await clock.runAll()
    assert.equal(await life.start(), undefined)
    assert.deepEqual(log, ['start a', 'a is ready', 'stop a', 'a has stopped'])
  })

  it('is stopped at the end of a block', async () => {
    const log: string[] = []
    {
      await using life = lifecycle([{ name: 'a', stop: () => void log.push('stop a') }])
      await life.start()
      assert.deepEqual(log, [])
    }
    assert.deepEqual(log, ['stop a'])
  })

  it('never starts once it was stopped', async () => {
    const program = new Program((p) => [p.part('a')])
    await program.life.stop()
    await program.life.closed
    await assert.rejects(program.life.start(), new Error(stoppedWhileStarting))
    assert.deepEqual(program.log, [])
  })

  it('refuses a limit that makes no sense', () => {
    for (const stopTimeoutMs of [-1, Number.NaN]) assert.throws(() => lifecycle([], { stopTimeoutMs }), RangeError)
  })
})

describe('lifecycle when a part fails to start', () => {
  for (const [how, fail] of Object.entries({
    rejects: (thrown: unknown) => Promise.reject(thrown),
    throws: (thrown: unknown) => {
      throw thrown
    },
  })) {
    it(`stops those that had started, and then says why (${how})`, async () => {
      const thrown = { no: 'error, even' }
      const program = new Program((p) => [
        p.part('a'),
        p.part('b'),
        p.part('c', { start: () => fail(thrown) }),
        p.part('d'),
      ])
      const { life, clock, log } = program
      const [starting, closed] = [watch(life.start()), watch(life.closed)]
      await clock.advance(30)
      assert.deepEqual([starting.state, closed.state], ['pending', 'pending'])
      await clock.runAll()
      assert.deepEqual([starting.state, closed.state], [{ thrown }, { thrown }])
      assert.deepEqual(log.slice(4), ['start c', 'stop b', 'b has stopped', 'stop a', 'a has stopped'])
      await life.stop()
      assert.equal(clock.pending, 0)
    })
  }

  it('says that one, although another one then fails to stop', async () => {
    const program = new Program((p) => [
      p.part('a', { stop: () => Promise.reject(new Error('stop failed')) }),
      p.part('b', { start: () => Promise.reject(new Error('start failed')) }),
    ])
    const [starting, closed] = [watch(program.life.start()), watch(program.life.closed)]
    await program.clock.runAll()
    assert.deepEqual([message(starting.state), message(closed.state)], ['start failed', 'start failed'])
    await assert.rejects(program.life.stop(), /not all parts stopped: a failed to stop/)
  })

  it('is stopped while it is failing, and stops each part once', async () => {
    const program = new Program((p) => [p.part('a'), p.part('b', { start: () => Promise.reject(new Error('failed')) })])
    const starting = watch(program.life.start())
    await program.clock.advance(10)
    const stopping = watch(program.life.stop())
    await program.clock.runAll()
    assert.deepEqual([message(starting.state), stopping.state], ['failed', 'resolved'])
    assert.equal(program.log.filter((line) => line === 'stop a').length, 1)
  })
})

describe('lifecycle of parts that run', () => {
  it('runs a part from when it is ready, before the next one starts, until the program stops', async () => {
    const program = new Program((p) => [p.part('a', { run: until }), p.part('b', { run: until })])
    const { life, clock, log } = program
    const starting = life.start()
    await clock.runAll()
    await starting
    assert.deepEqual(log, ['start a', 'a is ready', 'run a', 'start b', 'b is ready', 'run b'])
    await clock.advance(1_000_000)
    assert.equal(log.length, 6)
    const stopping = life.stop()
    await clock.runAll()
    await stopping
    await life.closed
  })

  it('stops all when one of them ends by itself, which is no failure', async () => {
    const program = new Program((p) => [
      p.part('a', { run: until }),
      p.part('b', { run: () => p.clock.sleep(500) }),
      p.part('c'),
    ])
    const { life, clock, log } = program
    const closed = watch(life.closed)
    const starting = life.start()
    await clock.advance(30)
    await starting
    log.length = 0
    await clock.advance(469)
    assert.deepEqual([log, closed.state], [[], 'pending'])
    await clock.runAll()
    assert.equal(closed.state, 'resolved')
    assert.deepEqual(log, ['stop c', 'c has stopped', 'stop b', 'b has stopped', 'stop a', 'a has stopped'])
    await life.stop()
    assert.equal(clock.pending, 0)
  })

  it('stops all when one of them fails, and says so to whoever waits for the end', async () => {
    const thrown = new Error('b broke')
    for (const run of [
      () => Promise.reject(thrown),
      () => {
        throw thrown
      },
    ]) {
      const program = new Program((p) => [p.part('a'), p.part('b', { run })])
      const { life, clock, log } = program
      const starting = watch(life.start())
      await clock.runAll()
      await assert.rejects(life.closed, (error) => error === thrown)
      // Whether that was before the program was up or after is a matter of luck.
      assert.notEqual(starting.state, 'pending')
      assert.deepEqual(log.slice(5), ['stop b', 'b has stopped', 'stop a', 'a has stopped'])
      await life.stop()
      assert.equal(clock.pending, 0)
    }
  })

  it('tells of the first failure only', async () => {
    const fail = (p: Program, ms: number) => ({
      run: () => p.clock.sleep(ms).then(() => Promise.reject(new Error(`after ${ms} ms`))),
      stop: () => p.clock.sleep(500),
    })
    const program = new Program((p) => [
      p.part('a', fail(p, 300)),
      p.part('b', fail(p, 200)),
      p.part('c', fail(p, 400)),
    ])
    const closed = watch(program.life.closed)
    const starting = program.life.start()
    await program.clock.runAll()
    await starting
    assert.equal(message(closed.state), 'after 200 ms')
    assert.equal(program.clock.pending, 0)
  })

  it('does not count as a failure what a part throws because it was told to stop', async () => {
    const run = async (signal: AbortSignal) => {
      await until(signal)
      throw signal.reason
    }
    const program = new Program((p) => [p.part('a', { run })])
    await program.started()
    const stopping = program.life.stop()
    await program.clock.runAll()
    await stopping
    await program.life.closed
  })

  it('waits for a part to end before it stops the one below', async () => {
    const program = new Program((p) => [
      p.part('a'),
      p.part('b', {
        run: (signal) =>
          until(signal)
            .then(() => p.clock.sleep(100))
            .then(() => void p.log.push('b ended')),
      }),
    ])
    await program.started()
    const stopping = program.life.stop()
    await program.clock.runAll()
    await stopping
    assert.deepEqual(program.log, ['stop b', 'b has stopped', 'b ended', 'stop a', 'a has stopped'])
  })

  it('names a part that does not end although it was told to', async () => {
    const program = new Program((p) => [p.part('a'), p.part('b', { run: forever })])
    await program.started()
    const stopping = watch(program.life.stop())
    await program.clock.runAll()
    assert.equal(message(stopping.state), 'not all parts stopped: b did not stop within 1s')
    assert.equal(program.log.at(-1), 'a has stopped')
  })

  it('waits for the part that is just starting when another one breaks, and stops it too', async () => {
    const program = new Program((p) => [
      p.part('a', { run: () => p.clock.sleep(5).then(() => Promise.reject(new Error('a broke'))) }),
      p.part('b'),
      p.part('c'),
    ])
    const { life, clock, log } = program
    const [starting, closed] = [watch(life.start()), watch(life.closed)]
    await clock.runAll()
    assert.deepEqual(log.slice(3), ['start b', 'b is ready', 'stop b', 'b has stopped', 'stop a', 'a has stopped'])
    assert.deepEqual([message(starting.state), message(closed.state)], ['a broke', 'a broke'])
    assert.equal(clock.pending, 0)
  })

  it('does not run a part that became ready when the program was stopping already', async () => {
    const program = new Program((p) => [
      p.part('a', { run: () => p.clock.sleep(5) }),
      p.part('b', { run: () => assert.fail('ran') }),
    ])
    const [starting, closed] = [watch(program.life.start()), watch(program.life.closed)]
    await program.clock.runAll()
    assert.deepEqual([message(starting.state), closed.state], [stoppedWhileStarting, 'resolved'])
    assert.deepEqual(program.log.slice(-4), ['stop b', 'b has stopped', 'stop a', 'a has stopped'])
  })

  it('stops each part once, although one asks for it again when it is told to stop', async () => {
    const run = (p: Program) => (signal: AbortSignal) => {
      signal.addEventListener('abort', () => void p.life.stop())
      return until(signal)
    }
    const program = new Program((p) => [p.part('a', { run: run(p) }), p.part('b', { run: run(p) })])
    await program.started()
    const stopping = program.life.stop()
    await program.clock.runAll()
    await stopping
    assert.deepEqual(program.log, ['stop b', 'b has stopped', 'stop a', 'a has stopped'])
  })

  it('may be stopped by a part that runs, at once', async () => {
    const program = new Program((p) => [p.part('a', { run: () => p.life.stop() })])
    const [starting, closed] = [watch(program.life.start()), watch(program.life.closed)]
    await program.clock.runAll()
    // It waits for itself, so it takes until the limit.
    assert.deepEqual(message(closed.state), 'not all parts stopped: a did not stop within 1s')
    assert.equal(message(starting.state), stoppedWhileStarting)
    assert.equal(program.clock.pending, 0)
  })
})

describe('lifecycle that is stopped while it is starting', () => {
  it('lets the part become ready and stops it, and starts no other', async () => {
    const program = new Program((p) => [p.part('a'), p.part('b'), p.part('c')])
    const { life, clock, log } = program
    const [starting, closed] = [watch(life.start()), watch(life.closed)]
    await clock.advance(15)
    const stopping = watch(life.stop())
    await clock.runAll()
    assert.deepEqual(log.slice(2), ['start b', 'b is ready', 'stop b', 'b has stopped', 'stop a', 'a has stopped'])
    assert.deepEqual(
      [message(starting.state), stopping.state, closed.state],
      [stoppedWhileStarting, 'resolved', 'resolved'],
    )
    assert.equal(clock.pending, 0)
  })

  it('tells the part, which may give up, and is not stopped then', async () => {
    const start = async (signal: AbortSignal) => {
      await until(signal)
      throw signal.reason
    }
    const program = new Program((p) => [p.part('a'), p.part('b', { start })])
    const { life, clock, log } = program
    const [starting, closed] = [watch(life.start()), watch(life.closed)]
    await clock.advance(500)
    const stopping = watch(life.stop())
    await clock.runAll()
    assert.deepEqual(log.slice(2), ['start b', 'stop a', 'a has stopped'])
    assert.deepEqual(
      [message(starting.state), stopping.state, closed.state],
      [stoppedWhileStarting, 'resolved', 'resolved'],
    )
  })

  it('waits no longer for a start that hangs than for a stop, and names it', async () => {
    const program = new Program((p) => [p.part('a'), p.part('b', { start: forever })])
    const { life, clock, log } = program
    const [starting, closed] = [watch(life.start()), watch(life.closed)]
    await clock.advance(500)
    const stopping = watch(life.stop())
    await clock.advance(999)
    assert.deepEqual(log, ['start a', 'a is ready', 'start b'])
    await clock.runAll()
    assert.deepEqual(log.slice(3), ['stop a', 'a has stopped'])
    assert.equal(message(starting.state), stoppedWhileStarting)
    for (const { state } of [stopping, closed]) {
      assert.equal(message(state), 'not all parts stopped: b did not stop within 1s')
    }
    assert.equal(clock.pending, 0)
  })

  it('stops a part that becomes ready when nobody waits for it any more', async () => {
    for (const stop of [() => {}, () => Promise.reject(new Error('nobody hears'))]) {
      const program = new Program((p) => [
        p.part('a', { start: () => p.clock.sleep(5_000), stop, run: () => assert.fail('ran') }),
      ])
      const starting = watch(program.life.start())
      const stopping = watch(program.life.stop())
      await program.clock.advance(4_999)
      assert.deepEqual([message(starting.state), program.log], [stoppedWhileStarting, ['start a']])
      await program.clock.runAll()
      assert.deepEqual(program.log.slice(0, 3), ['start a', 'a is ready', 'stop a'])
      assert.equal(message(stopping.state), 'not all parts stopped: a did not stop within 1s')
    }
  })

  it('may be stopped by the part that starts, first or not, before or after it has waited', async () => {
    for (const place of [0, 1]) {
      for (const waitMs of [0, 10]) {
        const start = (p: Program) => async () => {
          if (waitMs > 0) await p.clock.sleep(waitMs)
          p.life.stop()
        }
        const program = new Program((p) => [
          ...[p.part('z')].slice(0, place),
          p.part('a', { start: start(p) }),
          p.part('b'),
        ])
        const [starting, closed] = [watch(program.life.start()), watch(program.life.closed)]
        await program.clock.runAll()
        const others = place === 0 ? [] : ['stop z', 'z has stopped']
        assert.deepEqual(program.log.slice(place * 2), ['start a', 'a is ready', 'stop a', 'a has stopped', ...others])
        assert.deepEqual([message(starting.state), closed.state], [stoppedWhileStarting, 'resolved'])
      }
    }
  })

  it('ends although a part waits in its start for the program to stop', async () => {
    const program = new Program((p) => [p.part('a', { start: () => p.life.stop() })])
    const [starting, closed] = [watch(program.life.start()), watch(program.life.closed)]
    await program.clock.runAll()
    assert.equal(message(starting.state), stoppedWhileStarting)
    assert.equal(message(closed.state), 'not all parts stopped: a did not stop within 1s')
  })
})

describe('lifecycle that fails to stop', () => {
  it('names whoever hangs or fails, and stops the others', async () => {
    const broken = new Error('broken')
    const program = new Program((p) => [
      p.part('a'),
      p.part('b', { stop: forever }),
      p.part('c', { stop: () => Promise.reject(broken) }),
      p.part('d'),
      p.part('e', {
        stop: () => {
          throw new Error('e: out of order')
        },
      }),
    ])
    const { life, clock, log } = program
    await program.started()
    const [stopping, closed] = [watch(life.stop()), watch(life.closed)]
    await clock.runAll()
    assert.deepEqual(log, ['stop e', 'stop d', 'd has stopped', 'stop c', 'stop b', 'stop a', 'a has stopped'])
    assert.ok(typeof stopping.state === 'object')
    const { thrown } = stopping.state
    assert.ok(thrown instanceof AggregateError)
    assert.equal(thrown.message, 'not all parts stopped: e failed to stop; c failed to stop; b did not stop within 1s')
    assert.equal(thrown.errors[1].cause, broken)
    assert.deepEqual(closed.state, { thrown })
    assert.equal(clock.pending, 0)
  })

  it('gives each part its own time', async () => {
    const program = new Program((p) => ['a', 'b', 'c'].map((name) => p.part(name, { stop: () => p.clock.sleep(900) })))
    await program.started()
    const stopping = program.life.stop()
    await program.clock.runAll()
    await stopping
  })

  it('waits 10 s by default, and without end when told so', async () => {
    const stop = { stop: forever }
    const usual = new Program((p) => [p.part('a', stop)], { stopTimeoutMs: undefined })
    await usual.started()
    const stopping = watch(usual.life.stop())
    await usual.clock.advance(9_999)
    assert.equal(stopping.state, 'pending')
    await usual.clock.advance(1)
    assert.equal(message(stopping.state), 'not all parts stopped: a did not stop within 10s')

    const patient = new Program((p) => [p.part('a', stop)], { stopTimeoutMs: Infinity })
    await patient.started()
    const waiting = watch(patient.life.stop())
    await patient.clock.advance(1e9)
    assert.deepEqual([waiting.state, patient.clock.pending], ['pending', 0])
  })

  it('lets a part go on to stop after its time, and hears no more of it', async () => {
    const program = new Program((p) => [
      p.part('a', { stop: () => p.clock.sleep(5_000).then(() => Promise.reject(new Error())) }),
    ])
    await program.started()
    const stopping = watch(program.life.stop())
    await program.clock.runAll()
    assert.equal(message(stopping.state), 'not all parts stopped: a did not stop within 1s')
    assert.equal(program.clock.now(), 5_010)
  })
})

describe('lifecycle of any parts', () => {
  it('ends, stops exactly the parts that became ready, the latest first, and leaves nothing behind', async () => {
    const anyDelay = fc.constantFrom(0, 3, 700, 1_500)
    const anyEnd = fc.constantFrom('resolves', 'resolves', 'rejects', 'throws', 'hangs', 'heeds')
    const anyDeed = fc.option(fc.record({ delayMs: anyDelay, end: anyEnd }), { nil: undefined })
    type Deed = { readonly delayMs: number; readonly end: string }
    const anyPart = fc.record({ start: anyDeed, stop: anyDeed, run: anyDeed })
    const anyParts = fc.array(anyPart, { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(anyParts, fc.option(fc.nat(3_000), { nil: undefined }), async (parts, stopAt) => {
        const clock = manualClock()
        const began: number[] = []
        const ready = new Set<number>()
        const stopped: number[] = []
        let thrownAtAll = false
        const act = async ({ delayMs, end }: Deed, signal?: AbortSignal) => {
          await clock.sleep(delayMs)
          if (end === 'hangs') await forever()
          if (end === 'heeds' && signal !== undefined && !signal.aborted) await until(signal)
          if (end === 'rejects' || (end === 'heeds' && signal !== undefined)) {
            thrownAtAll = true
            throw new Error(end)
          }
        }
        const perform = (deed: Deed | undefined, signal?: AbortSignal): Promise<void> | undefined => {
          if (deed?.end !== 'throws') return deed && act(deed, signal)
          thrownAtAll = true
          throw new Error('throws')
        }
        const life = lifecycle(
          parts.map(({ start, stop, run }, index) => ({
            name: `part ${index}`,
            start: (signal) => {
              assert.equal(index, began.length)
              assert.equal(ready.size, index)
              began.push(index)
              const starting = perform(start, signal)
              if (starting === undefined) return void ready.add(index)
              return starting.then(() => void ready.add(index))
            },
            stop: () => {
              assert.ok(ready.has(index) && !stopped.includes(index))
              stopped.push(index)
              return perform(stop)
            },
            ...(run && { run: async (signal: AbortSignal) => perform(run, signal) }),
          })),
          { clock, stopTimeoutMs: 1_000 },
        )
        const [starting, closed] = [watch(life.start()), watch(life.closed)]
        if (stopAt !== undefined) await clock.advance(stopAt)
        const stopping = stopAt === undefined ? undefined : watch(life.stop())
        await clock.runAll()
        if (stopping === undefined && closed.state === 'pending') {
          // Everything is up, or a start hangs: somebody has to stop it.
          assert.equal(stopped.length, 0)
          life.stop().catch(() => {})
          await clock.runAll()
        }
        assert.notEqual(starting.state, 'pending')
        assert.notEqual(closed.state, 'pending')
        assert.notEqual(stopping?.state, 'pending')
        assert.equal(clock.pending, 0)
        assert.deepEqual(new Set(stopped), ready)
        // Only one that became ready when it had been given up is stopped out of turn.
        const inTime = stopped.filter((index) => index !== began.at(-1))
        assert.deepEqual(
          inTime,
          inTime.toSorted((a, b) => b - a),
        )
        const isLate = (part: (typeof parts)[number]) => {
          const deeds = Object.values(part).filter((deed) => deed !== undefined)
          return (
            deeds.some(({ end }) => end === 'hangs') || deeds.reduce((sumMs, { delayMs }) => sumMs + delayMs, 0) > 1_000
          )
        }
        if (!thrownAtAll && !parts.some(isLate)) assert.equal(closed.state, 'resolved')
      }),
      { numRuns: 400 },
    )
  })
})
