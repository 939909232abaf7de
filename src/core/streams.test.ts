// Tests of streams.ts: order, back-pressure, and that whatever happens the source is closed and nothing is left behind.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type ManualClock, manualClock } from '../testing/manual-clock.ts'
import { type CancelableContext, rootContext } from './context.ts'
import { ServiceError } from './errors.ts'
import { IdleGuard } from './idle.ts'
import { bounded, closeQuietly, closeUnread, guarded, isAsyncIterable, map, observed, take } from './streams.ts'

type Result = IteratorResult<number, unknown>

/** A source that answers when the test says so, and notes what is asked of it. */
class Source implements AsyncIterableIterator<number> {
  asked = 0
  closed = 0
  readonly #waiting: PromiseWithResolvers<Result>[] = [];

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Result> {
    this.asked++
    const asked = Promise.withResolvers<Result>()
    this.#waiting.push(asked)
    return asked.promise
  }

  return(): Promise<Result> {
    this.closed++
    return Promise.resolve({ done: true, value: undefined })
  }

  /** Whether somebody waits for a message. */
  get isAsked(): boolean {
    return this.#waiting.length > 0
  }

  give(value: number): void {
    this.#waiting.shift()?.resolve({ done: false, value })
  }

  end(): void {
    this.#waiting.shift()?.resolve({ done: true, value: undefined })
  }

  fail(thrown: unknown): void {
    this.#waiting.shift()?.reject(thrown)
  }
}

/** A source that has these messages ready, and notes whether it was closed before its end. */
class Ready extends Source {
  readonly #messages: number[]

  constructor(...messages: number[]) {
    super()
    this.#messages = messages
  }

  override next(): Promise<Result> {
    this.asked++
    const value = this.#messages.shift()
    return Promise.resolve(value === undefined ? { done: true, value: undefined } : { done: false, value })
  }
}

/** An iterator that is written by hand and keeps none of the rules. */
function byHand(iterator: { next(): unknown; return?(): unknown }): AsyncIterable<number> {
  return { [Symbol.asyncIterator]: () => iterator as AsyncIterator<number> }
}

async function read<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const message of stream) all.push(message)
  return all
}

/** What a promise is rejected with, which may be anything. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (thrown) {
    return thrown
  }
  throw new assert.AssertionError({ message: 'it should be rejected' })
}

const isDone = { done: true, value: undefined }
const bug = new Error('a bug')

interface World {
  readonly clock: ManualClock
  readonly ctx: CancelableContext
  readonly source: Source
}

/** The deadline is what shows listeners that are left: while there is one, the clock has its timer. */
function world(source = new Source()): World {
  const clock = manualClock()
  return { clock, ctx: rootContext({ clock, deadlineAt: 1e9 }), source }
}

describe('isAsyncIterable', () => {
  it('knows generators, iterators and whatever else can be read', () => {
    for (const value of [(async function* () {})(), new Source(), byHand({ next: () => 1 })])
      assert.equal(isAsyncIterable(value), true)
  })

  it('refuses what only has the name', () => {
    const others = [
      undefined,
      null,
      5,
      'text',
      [1],
      new Map(),
      {},
      { [Symbol.asyncIterator]: undefined },
      async () => {},
    ]
    for (const value of others) assert.equal(isAsyncIterable(value), false)
  })
})

describe('map', () => {
  it('changes each message, in order', async () => {
    assert.deepEqual(await read(map(new Ready(1, 2, 3), (n) => n * 10)), [10, 20, 30])
    assert.deepEqual(await read(map(new Ready(1, 2, 3), async (n) => n * 10)), [10, 20, 30])
  })

  it('asks for a message only when it is asked for one', async () => {
    const source = new Ready(1, 2, 3)
    const mapped = map(source, (n) => n)
    assert.equal(source.asked, 0)
    await mapped.next()
    assert.equal(source.asked, 1)
  })

  it('answers several who ask at once in their order, however long each change takes', async () => {
    const first = Promise.withResolvers<string>()
    const mapped = map(new Ready(1, 2), (n) => (n === 1 ? first.promise : 'second'))
    const both = Promise.all([mapped.next(), mapped.next(), mapped.next()])
    first.resolve('first')
    assert.deepEqual(await both, [{ done: false, value: 'first' }, { done: false, value: 'second' }, isDone])
  })

  it('closes its source when its reader leaves', async () => {
    const source = new Ready(1, 2, 3)
    for await (const _ of map(source, (n) => n)) break
    assert.equal(source.closed, 1)
    const unread = new Ready(1)
    await map(unread, (n) => n).return?.()
    assert.equal(unread.closed, 1, 'even before it was begun')
  })

  it('closes its source when a change fails, and is over', async () => {
    const failing = () => {
      throw bug
    }
    for (const change of [failing, async () => failing()]) {
      const source = new Ready(1, 2)
      const mapped = map(source, change)
      assert.equal(await rejection(mapped.next()), bug)
      assert.equal(source.closed, 1)
      assert.deepEqual(await mapped.next(), isDone)
      assert.equal(source.asked, 1)
    }
  })

  it('passes on what its source fails with, and does not close what has failed', async () => {
    const source = new Source()
    const mapped = map(source, (n) => n)
    const next = mapped.next()
    source.fail(bug)
    assert.equal(await rejection(next), bug)
    assert.equal(source.closed, 0)
    assert.deepEqual(await mapped.next(), isDone)
  })

  it('reads iterators that keep none of the rules', async () => {
    const results = [{ done: false, value: 1 }, { done: true }]
    assert.deepEqual(await read(map(byHand({ next: () => results.shift() }), (n) => n)), [1])
    const throwing = byHand({
      next() {
        throw bug
      },
    })
    assert.equal(await rejection(map(throwing, (n) => n).next()), bug)
  })
})

describe('take', () => {
  it('passes on the first messages, and closes its source with the last of them', async () => {
    const source = new Ready(1, 2, 3)
    const taken = take(source, 2)
    assert.deepEqual(await taken.next(), { done: false, value: 1 })
    assert.equal(source.closed, 0)
    assert.deepEqual(await taken.next(), { done: false, value: 2 })
    assert.equal(source.closed, 1)
    assert.deepEqual(await taken.next(), isDone)
    assert.equal(source.asked, 2)
  })

  it('of none closes its source without asking for anything', async () => {
    const source = new Ready(1)
    assert.deepEqual(await read(take(source, 0)), [])
    assert.equal(source.asked, 0)
    assert.equal(source.closed, 1)
  })

  it('of more than there are ends with its source', async () => {
    const source = new Ready(1, 2)
    assert.deepEqual(await read(take(source, 3)), [1, 2])
    assert.equal(source.closed, 0)
    assert.deepEqual(await read(take(new Ready(1, 2), Infinity)), [1, 2])
  })

  it('gives no more than that to several who ask at once', async () => {
    const source = new Ready(1, 2, 3)
    const taken = take(source, 1)
    const all = await Promise.all([taken.next(), taken.next(), taken.next()])
    assert.deepEqual(all, [{ done: false, value: 1 }, isDone, isDone])
  })

  it('closes its source when its reader leaves before, even a source that is open and was never asked', async () => {
    const source = new Ready(1, 2, 3)
    for await (const _ of take(source, 2)) break
    assert.equal(source.closed, 1)
    const unread = new Source()
    await take(unread, 2).return?.()
    assert.equal(unread.closed, 1)
  })

  it('refuses a count that is none', () => {
    for (const count of [-1, 1.5, Number.NaN]) assert.throws(() => take(new Ready(), count), RangeError)
    assert.throws(() => take(new Ready(), '1' as never), TypeError)
  })

  it('is the beginning of the source, whatever its length and the count', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer()), fc.nat(20), async (messages, count) => {
        const source = new Ready(...messages)
        assert.deepEqual(await read(take(source, count)), messages.slice(0, count))
        assert.equal(source.closed, messages.length >= count ? 1 : 0)
      }),
    )
  })
})

describe('observed', () => {
  /** Watches a source; the log has messages, and `end` with what the watcher was told. */
  function watched(source: AsyncIterable<number>) {
    const log: unknown[] = []
    const onEnd = (thrown?: unknown) => log.push(thrown === undefined ? 'end' : thrown)
    return { log, stream: observed(source, { onMessage: (n) => log.push(n), onEnd }) }
  }

  it('tells of each message and of the end, once', async () => {
    const { log, stream } = watched(new Ready(1, 2))
    assert.deepEqual(await read(stream), [1, 2])
    await stream.next()
    await stream.return?.()
    assert.deepEqual(log, [1, 2, 'end'])
  })

  it('tells of a failure with what was thrown, once', async () => {
    const source = new Source()
    const { log, stream } = watched(source)
    const next = stream.next()
    source.fail(bug)
    assert.equal(await rejection(next), bug)
    await stream.return?.()
    assert.deepEqual(log, [bug])
    assert.equal(source.closed, 0)
  })

  it('does not take a thrown undefined for the end', async () => {
    const source = new Source()
    const { log, stream } = watched(source)
    const next = stream.next()
    source.fail(undefined)
    assert.equal(await rejection(next), undefined)
    assert.match(String(log[0]), /undefined was thrown/)
  })

  it('tells of a reader that leaves, and closes the source', async () => {
    const source = new Ready(1, 2)
    const { log, stream } = watched(source)
    for await (const _ of stream) break
    assert.deepEqual(log, [1, 'end'])
    assert.equal(source.closed, 1)
  })

  it('tells of no message after the end', async () => {
    const source = new Source()
    const { log, stream } = watched(source)
    const next = stream.next()
    await stream.return?.()
    source.give(1)
    assert.deepEqual(await next, isDone)
    assert.deepEqual(log, ['end'])
  })

  it('closes the source when the watcher throws, and tells it of that', async () => {
    const source = new Ready(1, 2)
    const ends: unknown[] = []
    const onMessage = () => {
      throw bug
    }
    const stream = observed(source, { onMessage, onEnd: (thrown) => ends.push(thrown) })
    assert.equal(await rejection(stream.next()), bug)
    assert.deepEqual(ends, [bug])
    assert.equal(source.closed, 1)
  })

  it('passes on what closing the source throws', async () => {
    const { log, stream } = watched(
      byHand({ next: () => ({ done: false, value: 1 }), return: () => Promise.reject(bug) }),
    )
    assert.equal(await rejection(stream.return?.() ?? Promise.resolve()), bug)
    assert.deepEqual(log, ['end'])
  })
})

describe('bounded', () => {
  it('passes everything on, in order, and leaves nothing behind', async () => {
    const { clock, ctx } = world()
    const source = new Ready(1, 2, 3)
    assert.deepEqual(await read(bounded(source, ctx, {})), [1, 2, 3])
    assert.equal(source.closed, 0)
    assert.equal(clock.pending, 0)
  })

  it('fails a pending next at once when the context is aborted, and closes a source that hangs', async () => {
    const { clock, ctx, source } = world()
    const stream = bounded(source, ctx)
    const next = stream.next()
    const cause = new ServiceError('unavailable', 'going down')
    ctx.cancel(cause)
    assert.equal(await rejection(next), cause)
    assert.equal(source.closed, 1)
    assert.deepEqual(await stream.next(), isDone)
    assert.equal(source.asked, 1)
    assert.equal(clock.pending, 0)
  })

  it('fails at the deadline of the context', async () => {
    const clock = manualClock()
    const stream = bounded(new Source(), rootContext({ clock, deadlineAt: 50 }))
    const next = rejection(stream.next())
    await clock.advance(49)
    assert.equal(clock.pending, 1)
    await clock.advance(1)
    assert.equal(((await next) as ServiceError).code, 'deadline_exceeded')
    assert.equal(clock.pending, 0)
  })

  it('tells a reader that was not waiting of the abort when it asks again, once', async () => {
    const { ctx } = world()
    const source = new Ready(1, 2)
    const stream = bounded(source, ctx)
    await stream.next()
    ctx.cancel(new Error('enough'))
    assert.equal(source.closed, 1)
    const failure = await rejection(stream.next())
    assert.ok(failure instanceof ServiceError && failure.code === 'canceled')
    assert.deepEqual(await stream.next(), isDone)
  })

  it('does not ask its source when the context is aborted already, and closes it', async () => {
    const { clock, ctx, source } = world()
    ctx.cancel()
    const stream = bounded(source, ctx, {})
    assert.equal(((await rejection(stream.next())) as ServiceError).code, 'canceled')
    assert.equal(source.asked, 0)
    assert.equal(source.closed, 1)
    assert.equal(clock.pending, 0)
  })

  it('drops a message that comes after the abort', async () => {
    const { ctx, source } = world()
    const stream = bounded(source, ctx)
    const next = rejection(stream.next())
    ctx.cancel()
    source.give(1)
    assert.ok((await next) instanceof ServiceError)
    assert.deepEqual(await stream.next(), isDone)
  })

  it('makes a ServiceError of whatever its source throws', async () => {
    const known = new ServiceError('not_found')
    for (const thrown of [bug, undefined, 'text', known]) {
      const { clock, ctx, source } = world()
      const next = rejection(bounded(source, ctx).next())
      source.fail(thrown)
      const failure = (await next) as ServiceError
      if (thrown === known) assert.equal(failure, known)
      else assert.ok(failure.code === 'internal' && failure.cause === thrown)
      assert.equal(source.closed, 0)
      assert.equal(clock.pending, 0)
    }
  })

  it('closes its source when its reader leaves, and waits for that', async () => {
    const { clock, ctx } = world()
    let closed = false
    const source = (async function* () {
      try {
        yield 1
      } finally {
        await clock.settle()
        closed = true
      }
    })()
    for await (const _ of bounded(source, ctx, {})) break
    assert.ok(closed)
    assert.equal(clock.pending, 0)
  })

  it('throws a ServiceError when its source cannot be closed', async () => {
    const { ctx } = world()
    const refuse = () => {
      throw bug
    }
    for (const close of [refuse, async () => refuse()]) {
      const stream = bounded(byHand({ next: () => ({ done: false, value: 1 }), return: close }), ctx)
      const failure = await rejection(stream.return?.() ?? Promise.resolve())
      assert.ok(failure instanceof ServiceError && failure.cause === bug)
    }
  })

  it('settles both when it is left while a next is pending, though the source hangs', async () => {
    const { clock, ctx } = world()
    const hanging = (async function* () {
      yield await new Promise<number>(() => {})
    })()
    const stream = bounded(hanging, ctx, {})
    const next = stream.next()
    assert.deepEqual(await stream.return?.(), isDone)
    assert.deepEqual(await next, isDone)
    assert.deepEqual(await stream.next(), isDone)
    assert.equal(clock.pending, 0)
  })

  it('is not told of an abort after it was left', async () => {
    const { ctx, source } = world()
    const stream = bounded(source, ctx)
    await stream.return?.()
    ctx.cancel()
    assert.deepEqual(await stream.next(), isDone)
    assert.equal(source.closed, 1)
  })

  it('forgets the failure that a reader who leaves was never told', async () => {
    const { ctx, source } = world()
    const stream = bounded(source, ctx)
    ctx.cancel()
    await stream.return?.()
    assert.deepEqual(await stream.next(), isDone)
    assert.equal(source.closed, 1)
  })

  it('serves those who ask at once one after the other', async () => {
    const { ctx, source } = world()
    const stream = bounded(source, ctx)
    const all = [stream.next(), stream.next(), stream.next()]
    assert.equal(source.asked, 1)
    for (const n of [1, 2]) {
      source.give(n)
      await all[n - 1]
      await Promise.resolve()
    }
    source.end()
    assert.deepEqual(await Promise.all(all), [{ done: false, value: 1 }, { done: false, value: 2 }, isDone])
  })

  it('lets nobody pass who asks while others wait', async () => {
    const { ctx } = world()
    const stream = bounded(new Ready(1, 2, 3), ctx)
    const order: unknown[] = []
    const first = stream.next()
    // Asks as soon as the first has been served, before the second can have been.
    const third = first.then(() => stream.next()).then(({ value }) => order.push(['third', value]))
    const second = stream.next().then(({ value }) => order.push(['second', value]))
    await Promise.all([second, third])
    assert.deepEqual(order, [
      ['second', 2],
      ['third', 3],
    ])
  })

  it('reads iterators that keep none of the rules', async () => {
    const { ctx } = world()
    const results = [{ done: false, value: 1 }, { done: true }]
    assert.deepEqual(await read(bounded(byHand({ next: () => results.shift() }), ctx)), [1])
    const throwing = bounded(
      byHand({
        next() {
          throw bug
        },
      }),
      ctx,
    )
    assert.equal(((await rejection(throwing.next())) as ServiceError).cause, bug)
    assert.deepEqual(await throwing.next(), isDone)
  })

  describe('with limits', () => {
    const limits = { firstMs: 100, betweenMs: 1_000 }

    it('fails when the first message does not come in time', async () => {
      const { clock, ctx, source } = world()
      const next = rejection(bounded(source, ctx, limits).next())
      await clock.advance(99)
      assert.equal(source.closed, 0)
      await clock.advance(1)
      const failure = (await next) as ServiceError
      assert.equal(failure.code, 'deadline_exceeded')
      assert.match(failure.message, /no message came within 100\b/)
      assert.equal(source.closed, 1)
      assert.equal(clock.pending, 0)
    })

    it('fails when a later message does not come in time', async () => {
      const { clock, ctx, source } = world()
      const stream = bounded(source, ctx, limits)
      const first = stream.next()
      await clock.advance(50)
      source.give(1)
      await first
      const second = rejection(stream.next())
      await clock.advance(999)
      assert.equal(source.closed, 0)
      await clock.advance(1)
      assert.match(((await second) as ServiceError).message, /no message came within 1/)
      assert.equal(clock.pending, 0)
    })

    it('keeps to the second limit when it is the shorter one', async () => {
      const { clock, ctx, source } = world()
      const stream = bounded(source, ctx, { firstMs: 10_000, betweenMs: 10 })
      const first = stream.next()
      await clock.advance(1)
      source.give(1)
      await first
      const second = rejection(stream.next())
      await clock.advance(10)
      assert.equal(source.closed, 1)
      await second
      assert.equal(clock.pending, 0)
    })

    it('begins anew with each message', async () => {
      const { clock, ctx, source } = world()
      const stream = bounded(source, ctx, { firstMs: 100, betweenMs: 100 })
      for (let n = 0; n < 20; n++) {
        const next = stream.next()
        await clock.advance(99)
        source.give(n)
        assert.deepEqual(await next, { done: false, value: n })
      }
      await stream.return?.()
      assert.equal(clock.pending, 0)
    })

    it('does not count the time that the reader takes', async () => {
      const { clock, ctx, source } = world()
      const stream = bounded(source, ctx, limits)
      await clock.advance(5_000)
      const first = stream.next()
      source.give(1)
      await first
      await clock.advance(5_000)
      const second = stream.next()
      source.give(2)
      assert.deepEqual(await second, { done: false, value: 2 })
    })

    it('has 5 s for the first message and 60 s between two unless told otherwise', async () => {
      const { clock, ctx, source } = world()
      const stream = bounded(source, ctx, {})
      const first = stream.next()
      await clock.advance(4_999)
      source.give(1)
      await first
      const second = rejection(stream.next())
      await clock.advance(59_999)
      assert.equal(source.closed, 0)
      await clock.advance(1)
      await second
      const never = rejection(bounded(source, ctx, {}).next())
      await clock.advance(5_000)
      await never
    })

    it('may have none, and has none when none are given', async () => {
      for (const none of [{ firstMs: Infinity, betweenMs: Infinity }, undefined]) {
        const { clock, ctx, source } = world()
        const stream = bounded(source, ctx, none)
        const next = stream.next()
        await clock.advance(1e8)
        source.give(1)
        await next
        await stream.return?.()
        assert.equal(clock.pending, 0)
      }
    })
  })

  it('keeps order, settles every next, closes its source and leaves nothing, whatever happens when', async () => {
    const step = fc.constantFrom('next', 'next', 'give', 'give', 'wait', 'end', 'fail', 'abort', 'return', 'settle')
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, limited) => {
        const { clock, ctx, source } = world()
        const stream = bounded(source, ctx, limited ? { firstMs: 10, betweenMs: 10 } : undefined)
        const results: Promise<string>[] = []
        let given = 0
        let endedItself = false
        const run: Readonly<Record<string, () => unknown>> = {
          next: () =>
            results.push(
              stream.next().then(
                ({ done, value }) => (done ? 'done' : String(value)),
                (thrown) => (thrown instanceof ServiceError ? 'failed' : 'failed with rubbish'),
              ),
            ),
          give: () => source.isAsked && source.give(given++),
          end: () => source.end(),
          fail: () => source.fail(bug),
          wait: () => clock.advance(5),
          abort: () => ctx.cancel(),
          return: () => stream.return?.(),
          settle: () => clock.settle(),
        }
        for (const name of steps) {
          const wasOpen = source.closed === 0
          if ((name === 'end' || name === 'fail') && source.isAsked && wasOpen) endedItself = true
          await run[name]?.()
        }
        ctx.cancel()
        const settled = await Promise.all(results)
        const messages = settled.filter((result) => /^\d/.test(result))
        // Of what was given, the last one may have come too late.
        assert.deepEqual(
          messages,
          messages.map((_, n) => String(n)),
        )
        assert.ok(messages.length >= given - 1)
        const rest = settled.slice(messages.length)
        assert.ok(rest.slice(1).every((result) => result === 'done') && rest[0] !== 'failed with rubbish', `${settled}`)
        assert.equal(source.closed, endedItself ? 0 : 1)
        assert.equal(clock.pending, 0)
      }),
      { numRuns: 300 },
    )
  })
})

describe('guarded', () => {
  it('has its guard watch the waits, and disposes it at the end', async () => {
    for (const end of ['end', 'return', 'abort', 'fail'] as const) {
      const { clock, ctx, source } = world()
      const limits: number[] = []
      const guard = new IdleGuard(clock, { firstMs: 10, betweenMs: 20 }, (limitMs) => limits.push(limitMs))
      const stream = guarded(source, ctx, guard, ServiceError.from)
      assert.equal(clock.pending, 1, 'the listener of the context')
      const next = stream.next().catch(() => {})
      assert.equal(clock.pending, 2)
      if (end === 'end') source.end()
      else if (end === 'fail') source.fail(bug)
      else if (end === 'abort') ctx.cancel()
      else await stream.return?.()
      await next
      assert.equal(clock.pending, 0)
      guard.wait()
      assert.equal(clock.pending, 0, 'it is disposed')
      assert.deepEqual(limits, [])
    }
  })

  it('disposes its guard even when the context is aborted already', () => {
    const { clock, ctx, source } = world()
    ctx.cancel()
    const guard = new IdleGuard(clock, {}, () => {})
    guard.wait()
    guarded(source, ctx, guard, ServiceError.from)
    assert.equal(clock.pending, 0)
  })
})

describe('closing quietly', () => {
  it('closes once, and does not wait', () => {
    const source = new Source()
    closeQuietly(source)
    assert.equal(source.closed, 1)
    closeUnread(source)
    assert.equal(source.closed, 2)
  })

  it('survives sources that throw, hang or cannot be closed', async () => {
    const refuse = () => {
      throw bug
    }
    const iterators = [
      { next: refuse },
      { next: refuse, return: refuse },
      { next: refuse, return: () => Promise.reject(bug) },
      { next: refuse, return: () => new Promise(() => {}) },
      { next: refuse, return: () => undefined },
    ]
    for (const iterator of iterators) {
      closeQuietly(iterator as unknown as AsyncIterator<number>)
      closeUnread(byHand(iterator))
    }
    closeUnread({ [Symbol.asyncIterator]: refuse })
    closeUnread(undefined as never)
    // A rejection that nobody handles would fail this file.
    await manualClock().settle()
  })
})
