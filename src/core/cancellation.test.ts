// Tests of cancellation.ts: who hears, in which order and how often, and that nothing is held which nobody waits for.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { type ManualClock, manualClock } from '../testing/manual-clock.ts'
import { Cancellation, type Listener } from './cancellation.ts'
import { ServiceError } from './errors.ts'

/** A point, its clock, and what its listeners heard. */
function setUp(deadlineAt = Infinity): { clock: ManualClock; point: Cancellation; heard: unknown[] } {
  const clock = manualClock()
  return { clock, point: new Cancellation(clock, deadlineAt, undefined), heard: [] }
}

const below = (parent: Cancellation, deadlineAt = parent.deadlineAt) =>
  new Cancellation(parent.clock, Math.min(deadlineAt, parent.deadlineAt), parent)

const dispose = (listening: Disposable) => listening[Symbol.dispose]()

const isDeadline = (cause: unknown) => cause instanceof ServiceError && cause.code === 'deadline_exceeded'

describe('Cancellation that nobody listens to', () => {
  it('schedules nothing, however deep and however often it is looked at', () => {
    const { clock, point } = setUp(100)
    let deepest = point
    for (let depth = 0; depth < 50; depth++) deepest = below(deepest, 100 - depth)
    for (let look = 0; look < 3; look++) assert.deepEqual([deepest.aborted, deepest.cause], [false, undefined])
    assert.equal(clock.pending, 0)
  })

  it('is over from its deadline on, and says so with one and the same cause', async () => {
    const { clock, point } = setUp(100)
    await clock.advance(99.999)
    assert.deepEqual([point.aborted, point.cause], [false, undefined])
    await clock.advance(0.001)
    assert.equal(point.aborted, true)
    assert.ok(isDeadline(point.cause))
    assert.equal(point.cause, point.cause)
  })

  it('is over as soon as a point above is, for the same cause', () => {
    const { point } = setUp()
    const deep = below(below(below(point)))
    point.abort('above')
    assert.deepEqual([deep.aborted, deep.cause], [true, 'above'])
  })

  it('leaves those above and beside as they are', () => {
    const { point } = setUp()
    const [one, other] = [below(point), below(point)]
    one.abort('one')
    assert.deepEqual([point.aborted, other.aborted, point.cause, other.cause], [false, false, undefined, undefined])
  })
})

describe('Cancellation that is listened to', () => {
  it('has one timer, from the first listener to the last one that leaves', () => {
    const { clock, point } = setUp(100)
    const listening = [1, 2, 3].map(() => point.onAbort(() => {}))
    assert.deepEqual([clock.pending, clock.nextAt], [1, 100])
    for (const [left, pending] of [
      [1, 1],
      [1, 1],
      [0, 1],
      [2, 0],
      [2, 0],
    ] as const) {
      dispose(listening[left] as Disposable)
      assert.equal(clock.pending, pending)
    }
    point.onAbort(() => {})
    assert.equal(clock.pending, 1)
  })

  it('has no timer without a deadline', () => {
    const { clock, point } = setUp()
    point.onAbort(() => {})
    assert.equal(clock.pending, 0)
  })

  it('has a timer only where somebody listens, not at the points above', () => {
    const { clock, point } = setUp(100)
    const listening = below(below(point, 70), 50).onAbort(() => {})
    assert.deepEqual([clock.pending, clock.nextAt], [1, 50])
    dispose(listening)
    assert.equal(clock.pending, 0)
  })

  it('keeps its timer while the last listener of its own is there, whoever listens below', () => {
    const { clock, point } = setUp(100)
    const own = point.onAbort(() => {})
    const listening = below(point, 50).onAbort(() => {})
    dispose(listening)
    assert.deepEqual([clock.pending, clock.nextAt], [1, 100])
    const again = below(point, 50).onAbort(() => {})
    dispose(own)
    assert.deepEqual([clock.pending, clock.nextAt], [1, 50])
    dispose(again)
    assert.equal(clock.pending, 0)
  })

  it('tells each listener once, in the order in which they came, at the very moment', async () => {
    const { clock, point, heard } = setUp(100)
    for (const name of ['a', 'b', 'c']) point.onAbort((cause) => heard.push([name, clock.now(), cause]))
    await clock.advance(1_000)
    const { cause } = point
    assert.ok(isDeadline(cause))
    assert.deepEqual(heard, [
      ['a', 100, cause],
      ['b', 100, cause],
      ['c', 100, cause],
    ])
    point.abort('later')
    assert.equal(heard.length, 3)
    assert.equal(point.cause, cause)
  })

  it('takes the timers back when it is aborted before its deadline, all the way down', async () => {
    const { clock, point, heard } = setUp(100)
    const middle = below(point, 50)
    for (const listened of [point, middle, below(middle, 20)]) listened.onAbort((cause) => heard.push(cause))
    assert.equal(clock.pending, 3)
    point.abort('stop')
    assert.equal(clock.pending, 0)
    await clock.advance(1_000)
    assert.deepEqual(heard, ['stop', 'stop', 'stop'])
  })

  it('hears of an abort above through points that nobody listens to', () => {
    const { point, heard } = setUp()
    below(below(below(point))).onAbort((cause) => heard.push(cause))
    point.abort('above')
    assert.deepEqual(heard, ['above'])
  })

  it('hears of an abort above after all its listeners had left and one has come back', () => {
    const { point, heard } = setUp()
    const child = below(point)
    dispose(child.onAbort(() => heard.push('left')))
    child.onAbort((cause) => heard.push(cause))
    point.abort('above')
    assert.deepEqual(heard, ['above'])
  })

  it('is over by its own deadline, which does not reach the points above', async () => {
    const { clock, point, heard } = setUp(100)
    const child = below(point, 50)
    point.onAbort(() => heard.push('parent'))
    child.onAbort(() => heard.push('child'))
    await clock.advance(50)
    assert.deepEqual([heard, point.aborted, child.aborted], [['child'], false, true])
    assert.equal(clock.pending, 1)
  })

  it('calls a listener that comes too late at once, and keeps nothing of it', () => {
    const { clock, point, heard } = setUp(100)
    const child = below(point)
    point.abort('over')
    dispose(point.onAbort((cause) => heard.push(cause)))
    dispose(child.onAbort((cause) => heard.push(cause)))
    assert.deepEqual([heard, clock.pending], [['over', 'over'], 0])
  })

  it('lets what a late listener throws go to whoever added it', () => {
    const { point } = setUp()
    point.abort('over')
    const thrown = new Error('mine')
    assert.throws(
      () =>
        point.onAbort(() => {
          throw thrown
        }),
      thrown,
    )
  })

  it('tells a listener that comes after the deadline, before the clock has, with the next run of the clock', async () => {
    const { clock, point, heard } = setUp(100)
    await clock.advance(200)
    point.onAbort((cause) => heard.push(cause))
    await clock.advance(0)
    assert.deepEqual(heard, [point.cause])
  })

  it('calls no listener that has left, be it the first, the last or one between', () => {
    for (const leaving of [0, 1, 2]) {
      const { point, heard } = setUp()
      const listening = [0, 1, 2].map((name) => point.onAbort(() => heard.push(name)))
      dispose(listening[leaving] as Disposable)
      point.onAbort(() => heard.push(3))
      point.abort('over')
      assert.deepEqual(
        heard,
        [0, 1, 2, 3].filter((name) => name !== leaving),
      )
    }
  })

  it('fires whatever is a listener itself, and takes it back', () => {
    const { clock, point, heard } = setUp(100)
    const listener = (): Listener => ({
      next: undefined,
      previous: undefined,
      list: undefined,
      fire: (cause) => void heard.push(cause),
    })
    const [stays, leaves] = [listener(), listener()]
    point.listen(leaves)
    point.listen(stays)
    leaves.list?.remove(leaves)
    leaves.list?.remove(leaves)
    assert.equal(clock.pending, 1)
    point.abort('over')
    point.listen(listener())
    assert.deepEqual([heard, stays.list, clock.pending], [['over', 'over'], undefined, 0])
  })
})

describe('Cancellation with several causes', () => {
  it('stays with the cause that it told first, although it is aborted with another one', () => {
    const { point, heard } = setUp(0)
    const { cause } = point
    assert.ok(isDeadline(cause))
    const listening = point.onAbort((told) => heard.push(told))
    point.abort('by hand')
    assert.equal(point.cause, cause)
    assert.deepEqual(heard, [cause])
    dispose(listening)
  })

  it('stays with its deadline as the cause once that was told, although a point above is aborted later', () => {
    const { point } = setUp()
    const child = below(point, 0)
    const { cause } = child
    assert.ok(isDeadline(cause))
    point.abort('too late')
    assert.equal(child.cause, cause)
    assert.equal(child.signal.reason, cause)
  })

  it('stays with the cause that came from above, although a nearer point is aborted with another one', () => {
    const { point, heard } = setUp()
    const middle = below(point)
    const child = below(middle)
    point.abort('first')
    assert.equal(child.cause, 'first')
    middle.abort('second')
    child.abort('third')
    child.onAbort((cause) => heard.push(cause))
    assert.deepEqual([middle.cause, child.cause, heard], ['first', 'first', ['first']])
  })

  it('tells its own cause below, and not that of a point above which is aborted later', () => {
    const { point, heard } = setUp()
    const middle = below(point)
    const child = below(middle)
    child.onAbort((cause) => heard.push(cause))
    middle.abort('nearer')
    point.abort('farther')
    assert.deepEqual([child.cause, middle.cause, point.cause, heard], ['nearer', 'nearer', 'farther', ['nearer']])
  })
})

describe('Cancellation that is released', () => {
  it('never aborts, takes its timer back and calls nobody', async () => {
    const { clock, point, heard } = setUp(100)
    const child = below(point, 50)
    const listening = child.onAbort((cause) => heard.push(cause))
    child.release()
    assert.deepEqual([child.aborted, point.aborted, clock.pending], [false, false, 0])
    dispose(listening)
    child.abort('by hand')
    point.abort('above')
    await clock.advance(1_000)
    assert.deepEqual(heard, [])
  })

  it('schedules nothing for a listener that comes later, and never calls it', async () => {
    const { clock, point, heard } = setUp(100)
    point.release()
    point.release()
    dispose(point.onAbort((cause) => heard.push(cause)))
    point.onAbort((cause) => heard.push(cause))
    assert.equal(clock.pending, 0)
    await clock.advance(1_000)
    point.abort('by hand')
    assert.deepEqual(heard, [])
  })

  it('still says whether it is over', () => {
    const { point } = setUp()
    point.release()
    assert.equal(point.aborted, false)
    point.abort('by hand')
    assert.deepEqual([point.aborted, point.cause], [true, 'by hand'])
  })

  it('leaves the listeners above and beside it in place', () => {
    const { point, heard } = setUp()
    const [first, released, last] = [below(point), below(point), below(point)]
    for (const [index, child] of [first, released, last].entries()) child.onAbort(() => heard.push(index))
    point.onAbort(() => heard.push('own'))
    released.release()
    point.abort('over')
    assert.deepEqual(heard, ['own', 0, 2])
  })

  it('cuts off the points below it, which keep deadlines of their own', async () => {
    const { clock, point, heard } = setUp()
    const middle = below(point)
    const child = below(middle, 100)
    child.onAbort((cause) => heard.push(cause))
    middle.release()
    below(middle).onAbort(() => heard.push('came later'))
    middle.abort('by hand')
    point.abort('above')
    assert.deepEqual(heard, [])
    await clock.advance(100)
    assert.equal(heard.length, 1)
  })

  it('takes no part in an abort that goes on around it', () => {
    const { point, heard } = setUp()
    const child = below(point)
    point.onAbort(() => child.release())
    child.onAbort(() => heard.push('released'))
    point.onAbort(() => heard.push('last'))
    point.abort('over')
    assert.deepEqual(heard, ['last'])
  })
})

describe('Cancellation while it calls its listeners', () => {
  it('tells the points below although the first who hears of it lets go of the point', () => {
    const { point, heard } = setUp()
    point.onAbort(() => point.release())
    const [one, other] = [below(point), below(below(point))]
    one.onAbort((cause) => heard.push('one', cause))
    other.onAbort((cause) => heard.push('other', cause))
    point.abort('gone')
    assert.deepEqual(heard, ['one', 'gone', 'other', 'gone'])
  })

  it('does not tell those of a point below that is let go of by who hears first', () => {
    const { point, heard } = setUp()
    const child = below(point)
    point.onAbort(() => child.release())
    child.onAbort((cause) => heard.push(cause))
    point.abort('gone')
    assert.deepEqual([heard, child.aborted, child.cause], [[], true, 'gone'])
  })

  it('skips the ones that an earlier one disposes, and goes on behind them', () => {
    const { point, heard } = setUp()
    const all: Disposable[] = []
    for (let name = 0; name < 6; name++) {
      all.push(
        point.onAbort(() => {
          heard.push(name)
          // Itself, the one before, and the two behind it.
          if (name === 1) for (const other of [1, 0, 2, 3]) dispose(all[other] as Disposable)
        }),
      )
    }
    point.abort('over')
    assert.deepEqual(heard, [0, 1, 4, 5])
  })

  it('calls one that a listener adds at once, before the next one, and only then', () => {
    const { clock, point, heard } = setUp(100)
    point.onAbort(() => {
      heard.push('a')
      point.onAbort((cause) => heard.push(`added by a: ${cause}`))
    })
    point.onAbort(() => heard.push('b'))
    point.abort('over')
    assert.deepEqual(heard, ['a', 'added by a: over', 'b'])
    assert.equal(clock.pending, 0)
  })

  it('ignores a second abort, and what it is released for', () => {
    const { point, heard } = setUp()
    point.onAbort(() => {
      point.abort('second')
      point.release()
    })
    point.onAbort((cause) => heard.push(cause))
    point.abort('first')
    assert.deepEqual([heard, point.cause], [['first'], 'first'])
  })

  it('is over already for whoever it tells', () => {
    const { point, heard } = setUp()
    const child = below(point)
    child.onAbort(() => heard.push(child.aborted, child.cause, point.aborted, point.cause, point.signal.aborted))
    point.abort('over')
    assert.deepEqual(heard, [true, 'over', true, 'over', true])
  })

  it('tells a point below once, although a listener aborts it first', () => {
    const { point, heard } = setUp()
    const child = below(point)
    point.onAbort(() => child.abort('by a listener'))
    child.onAbort((cause) => heard.push(cause))
    point.onAbort(() => heard.push('last'))
    point.abort('over')
    assert.deepEqual(heard, ['over', 'last'])
  })

  it('tells a point below once, although its listener leaves and comes back in the middle of it', () => {
    const { point, heard } = setUp()
    const child = below(point)
    point.onAbort(() => {
      dispose(leaving)
      child.onAbort((cause) => heard.push(`back: ${cause}`))
    })
    const leaving = child.onAbort(() => heard.push('left'))
    point.onAbort(() => heard.push('last'))
    point.abort('over')
    assert.deepEqual(heard, ['back: over', 'last'])
  })

  it('lets a point below abort the one above, and tells nobody twice', () => {
    const { point, heard } = setUp()
    const child = below(point)
    point.onAbort((cause) => heard.push(`parent: ${cause}`))
    child.onAbort((cause) => {
      heard.push(`child: ${cause}`)
      point.abort('upwards')
    })
    child.onAbort((cause) => heard.push(`child again: ${cause}`))
    child.abort('down here')
    assert.deepEqual(heard, ['child: down here', 'parent: upwards', 'child again: down here'])
  })

  it('calls all listeners although some throw, and the errors surface as uncaught ones', async () => {
    const script = `
      import { Cancellation } from ${JSON.stringify(new URL('./cancellation.ts', import.meta.url))}
      import { systemClock } from ${JSON.stringify(new URL('./clock.ts', import.meta.url))}
      process.on('uncaughtException', (error) => console.log('uncaught', error.message))
      const point = new Cancellation(systemClock, Infinity, undefined)
      const child = new Cancellation(systemClock, Infinity, point)
      for (const [name, where] of [['a', point], ['c', child], ['b', point]]) {
        where.onAbort(() => { console.log('heard', name); throw new Error('thrown by ' + name) })
      }
      point.abort('over')
      console.log('aborted')
    `
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
      timeout: 20_000,
    })
    const uncaught = ['uncaught thrown by a', 'uncaught thrown by b', 'uncaught thrown by c']
    assert.deepEqual(stdout.trim().split('\n'), ['heard a', 'heard b', 'heard c', 'aborted', ...uncaught])
  })

  it('tells everyone exactly once who has not left, whatever listeners do to each other', () => {
    /** What a listener does when it hears: to the pick-th listener, or at the pick-th point. */
    const anyDeed = fc.record({ kind: fc.constantFrom('nothing', 'leave', 'listen', 'abort'), pick: fc.nat(30) })
    const anyTree = fc.array(fc.nat(30), { maxLength: 6 })
    const anyListeners = fc.array(fc.record({ point: fc.nat(30), deeds: fc.array(anyDeed, { maxLength: 3 }) }), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(anyTree, anyListeners, fc.nat(30), (tree, listeners, first) => {
        const points = [new Cancellation(manualClock(), Infinity, undefined)]
        const parents = new Map<Cancellation, Cancellation>()
        for (const pick of tree) {
          const parent = points[pick % points.length] as Cancellation
          points.push(below(parent))
          parents.set(points.at(-1) as Cancellation, parent)
        }
        const pointAt = (pick: number) => points[pick % points.length] as Cancellation
        const places: { point: Cancellation; heard: number; left: boolean; listening?: Disposable }[] = []
        const listen = (point: Cancellation, deeds: readonly { kind: string; pick: number }[]) => {
          const place: (typeof places)[number] = { point, heard: 0, left: false }
          places.push(place)
          place.listening = point.onAbort(() => {
            assert.ok(!place.left && point.aborted)
            place.heard++
            for (const { kind, pick } of deeds) {
              if (kind === 'abort') pointAt(pick).abort(pick)
              if (kind === 'listen') listen(pointAt(pick), [])
              const other = places[pick % places.length]
              if (kind !== 'leave' || other?.listening === undefined) continue
              other.left ||= other.heard === 0
              dispose(other.listening)
            }
          })
        }
        for (const { point, deeds } of listeners) listen(pointAt(point), deeds)
        pointAt(first).abort('first')
        const isBelowAborted = (point: Cancellation | undefined): boolean =>
          point !== undefined && (point.aborted || isBelowAborted(parents.get(point)))
        for (const { point, heard, left } of places) {
          assert.equal(point.aborted, isBelowAborted(point))
          assert.equal(heard, point.aborted && !left ? 1 : 0)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('Cancellation.signal', () => {
  it('listens only from the first reading on, and is the same at every reading', () => {
    const { clock, point } = setUp(100)
    assert.equal(clock.pending, 0)
    const { signal } = point
    assert.equal(clock.pending, 1)
    assert.equal(point.signal, signal)
    assert.equal(clock.pending, 1)
    point.release()
    assert.equal(clock.pending, 0)
  })

  it('aborts with the very cause, for one listener of its own as for the others', async () => {
    const { clock, point } = setUp(100)
    const child = below(point)
    const { signal } = child
    const other = point.signal
    await clock.advance(100)
    assert.ok(signal.aborted && other.aborted)
    assert.equal(signal.reason, child.cause)
    assert.ok(isDeadline(signal.reason))
  })

  it('has aborted already when it is read too late, even when no timer has come due', () => {
    const { clock, point } = setUp(0)
    assert.equal(point.signal.aborted, true)
    assert.equal(point.signal.reason, point.cause)
    assert.equal(clock.pending, 0)
    const { point: other } = setUp()
    other.abort('over')
    assert.equal(below(other).signal.reason, 'over')
  })

  it('never aborts after a release', () => {
    const { point } = setUp()
    const child = below(point)
    const { signal } = child
    child.release()
    point.abort('above')
    child.abort('by hand')
    assert.equal(signal.aborted, false)
  })
})

describe('Cancellation and memory', () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')

  /** How many of these something still holds. */
  async function countHeld(references: readonly WeakRef<object>[]): Promise<number> {
    // What a WeakRef was made for, or gave, stays until the end of the turn.
    await manualClock().settle()
    collect()
    return references.filter((reference) => reference.deref() !== undefined).length
  }

  /** Ten points below that are listened to, and then something is done to each. */
  function children(
    parent: Cancellation,
    end: (child: Cancellation, listening: Disposable) => void,
  ): WeakRef<object>[] {
    return Array.from({ length: 10 }, () => {
      const child = below(parent)
      end(
        child,
        child.onAbort(() => {}),
      )
      return new WeakRef(child)
    })
  }

  it('holds a point below only while somebody listens to it', async () => {
    const { point } = setUp(100)
    assert.equal(await countHeld(children(point, () => {})), 10)
    assert.equal(await countHeld(children(point, (_, listening) => dispose(listening))), 0)
    assert.equal(await countHeld(children(point, (child) => child.release())), 0)
    assert.equal(await countHeld(children(point, (child) => child.abort('over'))), 0)
    assert.equal(point.aborted, false)
  })

  /** Ten handles that are kept, ten listeners of which nothing is kept, in turns; then all leave. */
  function neighbours(leave: (point: Cancellation, listening: Disposable) => void) {
    const { point } = setUp()
    const kept: Disposable[] = []
    const others: WeakRef<object>[] = []
    const all: Disposable[] = []
    for (let i = 0; i < 10; i++) {
      const listener = () => {}
      others.push(new WeakRef(listener))
      kept.push(point.onAbort(() => {}))
      all.push(kept.at(-1) as Disposable, point.onAbort(listener))
    }
    for (const listening of all) leave(point, listening)
    return { kept, others }
  }

  it('does not hold through a handle that is kept those who once listened beside it', async () => {
    for (const leave of [
      (_: Cancellation, listening: Disposable) => dispose(listening),
      (point: Cancellation) => point.abort('over'),
      (point: Cancellation) => point.release(),
    ]) {
      const { kept, others } = neighbours(leave)
      assert.equal(await countHeld(others), 0)
      assert.equal(kept.length, 10)
    }
  })
})
