// Tests of waiting-queue.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Context, rootContext } from '../core/context.ts'
import { ServiceError } from '../core/errors.ts'
import { manualClock } from '../testing/manual-clock.ts'
import type { WaitingOptions } from './waiting-options.ts'
import { WaitingQueue, type WaitingRefusal } from './waiting-queue.ts'

/** A queue, ways to wait in it and to be let in, and what came of it, in order. */
function waiting(options?: WaitingOptions) {
  const clock = manualClock()
  const came: string[] = []
  let unused = 0
  const queue = new WaitingQueue(
    { queue: 3, priority: (request) => Number(String(request).slice(1) || 0), ...options },
    {
      refuse: (_: Context, why: WaitingRefusal) => new ServiceError('resource_exhausted', why),
      giveBack: () => {
        unused++
      },
    },
  )
  /** The name is a letter and, where it matters, the priority. */
  const wait = (name: string, ctx: Context = rootContext({ clock })) =>
    queue
      .wait(name, ctx, async () => {
        came.push(name)
      })
      .catch((error) => {
        came.push(`${name}: ${error.code === 'resource_exhausted' ? error.message : error.code}`)
      })
  const drain = async () => {
    while (queue.admit()) await clock.settle()
    return came.splice(0)
  }
  return { queue, clock, wait, drain, came, unused: () => unused }
}

describe('WaitingQueue', () => {
  it('lets them in in the order in which they came', async () => {
    const { queue, clock, wait, drain } = waiting()
    for (const name of ['a', 'b', 'c']) wait(name)
    assert.equal(queue.length, 3)
    assert.deepEqual(await drain(), ['a', 'b', 'c'])
    assert.equal(queue.length, 0)
    assert.equal(clock.pending, 0)
  })

  it('refuses whoever finds it full', async () => {
    const { wait, clock, came, drain } = waiting({ queue: 2 })
    for (const name of ['a', 'b', 'c']) wait(name)
    await clock.settle()
    assert.deepEqual(came.splice(0), ['c: full'])
    assert.deepEqual(await drain(), ['a', 'b'])
  })

  it('takes nobody unless it is given room, and does not ask how important they are', async () => {
    const { wait, came } = waiting({
      queue: 0,
      priority: () => {
        throw new Error('asked')
      },
    })
    await wait('a')
    assert.deepEqual(came, ['a: full'])
    assert.equal(waiting({ queue: undefined }).queue.limit, 0)
  })

  it('lets nobody wait longer than maxWaitMs, with one timer for all', async () => {
    const { queue, wait, clock, came } = waiting({ maxWaitMs: 100 })
    wait('a')
    await clock.advance(30)
    wait('b')
    assert.equal(clock.pending, 1)
    assert.equal(queue.longestWaitMs, 30)
    await clock.advance(69)
    assert.deepEqual(came, [])
    await clock.advance(1)
    assert.deepEqual(came, ['a: expired'])
    assert.equal(queue.longestWaitMs, 70)
    await clock.advance(30)
    assert.deepEqual(came, ['a: expired', 'b: expired'])
    assert.equal(clock.pending, 0)
    assert.equal(queue.longestWaitMs, 0)
  })

  it('lets go of one whose call is called off or past its deadline', async () => {
    const { queue, wait, clock, came, drain } = waiting()
    const ctx = rootContext({ clock })
    wait('a', ctx)
    wait('b', rootContext({ clock, deadlineAt: 50 }))
    wait('c')
    ctx.cancel()
    await clock.advance(50)
    assert.deepEqual(came.splice(0), ['a: canceled', 'b: deadline_exceeded'])
    assert.equal(queue.left, 2)
    assert.deepEqual(await drain(), ['c'])
    assert.equal(clock.pending, 0)
  })

  it('does not take one whose call is over already', async () => {
    const { queue, wait, clock, came } = waiting()
    const ctx = rootContext({ clock })
    ctx.cancel()
    await wait('a', ctx)
    await wait('b', rootContext({ clock, deadlineAt: 0 }))
    assert.deepEqual(came, ['a: canceled', 'b: deadline_exceeded'])
    assert.equal(queue.left, 2)
    assert.equal(queue.length, 0)
    assert.equal(clock.pending, 0)
  })

  it('gives no place to one whose deadline has passed before its timer came', async () => {
    const { queue, came } = waiting()
    let now = 0
    const clock = Object.assign(manualClock(), { now: () => now })
    const ctx = rootContext({ clock, deadlineAt: 50 })
    const call = queue.wait('a', ctx, async () => came.push('a'))
    now = 50
    assert.equal(queue.admit(), false)
    await assert.rejects(call, { code: 'deadline_exceeded' })
    assert.deepEqual(came, [])
  })

  it('takes a place back when the call is called off before it could begin', async () => {
    const { queue, wait, clock, came, unused } = waiting()
    const ctx = rootContext({ clock })
    wait('a', ctx)
    assert.equal(queue.admit(), true)
    ctx.cancel()
    await clock.settle()
    assert.deepEqual(came, ['a: canceled'])
    assert.equal(unused(), 1)
    assert.equal(clock.pending, 0)
  })

  it('lets the more important in first, and equals in their order', async () => {
    const { wait, drain } = waiting({ queue: 9 })
    for (const name of ['a1', 'b2', 'c-1', 'd2', 'e1', 'f2.5', 'g-Infinity', 'h1']) wait(name)
    assert.deepEqual(await drain(), ['f2.5', 'b2', 'd2', 'a1', 'e1', 'h1', 'c-1', 'g-Infinity'])
  })

  it('has the least important waiter make room for a more important one, the newest first', async () => {
    const { wait, clock, came, drain } = waiting()
    for (const name of ['a1', 'b0', 'c0', 'd0', 'e2', 'f1']) wait(name)
    await clock.settle()
    assert.deepEqual(came.splice(0), ['d0: full', 'c0: displaced', 'b0: displaced'])
    assert.deepEqual(await drain(), ['e2', 'a1', 'f1'])
    assert.equal(clock.pending, 0)
  })

  it('refuses a priority that is no number', async () => {
    const { queue, clock } = waiting({ priority: () => Number.NaN })
    await assert.rejects(
      queue.wait('a', rootContext({ clock }), async () => {}),
      /priority must be a number/,
    )
    assert.equal(queue.length, 0)
  })

  it('turns to the newest while it is more than half full', async () => {
    const { wait, drain } = waiting({ queue: 6, order: 'adaptive_lifo' })
    for (const name of ['a', 'b', 'c', 'd', 'e']) wait(name)
    // Five and four are more than half of six.
    assert.deepEqual(await drain(), ['e', 'd', 'a', 'b', 'c'])
  })

  it('turns to the newest while the oldest has waited for more than half of maxWaitMs', async () => {
    const { wait, clock, drain } = waiting({ queue: 100, order: 'adaptive_lifo', maxWaitMs: 100 })
    wait('a')
    await clock.advance(51)
    wait('b')
    wait('c')
    assert.deepEqual(await drain(), ['c', 'b', 'a'])
    wait('d')
    await clock.advance(50)
    wait('e')
    assert.deepEqual(await drain(), ['d', 'e'])
  })

  it('has whoever would be last make room, which newest first is the oldest', async () => {
    const { wait, clock, came, drain } = waiting({ order: 'adaptive_lifo' })
    for (const name of ['a0', 'b0', 'c0', 'd1']) wait(name)
    await clock.settle()
    assert.deepEqual(came.splice(0), ['a0: displaced'])
    // Of three places two are more than half; of one it is not.
    assert.deepEqual(await drain(), ['d1', 'c0', 'b0'])
  })

  it('keeps whoever waits when it is given less room', async () => {
    const { queue, wait, clock, came, drain } = waiting()
    for (const name of ['a', 'b', 'c']) wait(name)
    queue.limit = 1
    wait('d')
    await clock.settle()
    assert.deepEqual(came.splice(0), ['d: full'])
    assert.deepEqual(await drain(), ['a', 'b', 'c'])
  })

  it('lets nobody wait longer because whoever heard of a refusal has called again', async () => {
    const clock = manualClock()
    const ctx = rootContext({ clock })
    const ends: string[] = []
    const wait = (name: string) =>
      queue.wait(name, ctx, async () => {}).catch(() => void ends.push(`${name} ${clock.now()}`))
    const queue = new WaitingQueue(
      { queue: 5, maxWaitMs: 100 },
      {
        refuse: (_, why) => {
          if (ends.length === 0 && clock.now() === 100) wait('again')
          return new ServiceError('resource_exhausted', why)
        },
        giveBack() {},
      },
    )
    wait('first')
    await clock.advance(50)
    wait('second')
    await clock.advance(200)
    assert.deepEqual(ends, ['first 100', 'second 150', 'again 200'])
    assert.equal(clock.pending, 0)
  })

  it('keeps its bound when whoever hears of a refusal calls again at once', async () => {
    const clock = manualClock()
    const ctx = rootContext({ clock })
    let again = 0
    const queue = new WaitingQueue(
      { queue: 1, maxWaitMs: 100, priority: (request) => request as number },
      {
        refuse: (_, why) => {
          if (again++ < 5) queue.wait(0, ctx, async () => {}).catch(() => {})
          return new ServiceError('resource_exhausted', why)
        },
        giveBack() {},
      },
    )
    const first = queue.wait(0, ctx, async () => {}).catch((error) => error.message)
    const second = queue.wait(1, ctx, async () => {}).catch((error) => error.message)
    assert.equal(await first, 'displaced')
    assert.equal(queue.length, 1)
    await clock.advance(100)
    assert.equal(await second, 'expired')
    await clock.advance(100)
    assert.equal(queue.length, 0)
    assert.equal(clock.pending, 0)
  })

  it('refuses options that make no sense', () => {
    assert.throws(() => waiting({ queue: -1 }), /queue must be an integer from 0 to 1000000, but is -1/)
    assert.throws(() => waiting({ maxWaitMs: 0 }), /maxWaitMs must be a number from 1 /)
    assert.throws(() => waiting({ order: 'lifo' as never }), /order must be 'fifo' or 'adaptive_lifo', but is "lifo"/)
  })
})
