// Tests of start-stream.ts: calls with streams end once for all who hold a piece of them, and every piece is closed.
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { clientOf } from './client.ts'
import { type Context, rootContext } from './context.ts'
import { bidiStream, clientStream, contract, serverStream } from './contract.ts'
import { ServiceError } from './errors.ts'
import type { IdleLimits } from './idle.ts'

const even = z.number().refine(async (n) => n % 2 === 0)

const flows = contract('flows', {
  list: serverStream.of<number, number>(),
  limited: serverStream.of<number, number>({ timeoutMs: 200 }),
  listChecked: serverStream({ input: z.number(), output: z.number().transform((n) => n * 10) }),
  listCheckedLater: serverStream({ input: z.number(), output: even }),
  sum: clientStream.of<number, number>(),
  sumChecked: clientStream({ input: z.number(), output: even }),
  talk: bidiStream.of<number, number>(),
})

type Result = IteratorResult<number, undefined>

/** A stream whose messages come when the test says so, and which notes how it was used. */
class Source implements AsyncIterableIterator<number, undefined> {
  closed = 0
  isOver = false
  readonly #waiting: PromiseWithResolvers<Result>[] = [];

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Result> {
    if (this.isOver) return Promise.resolve({ done: true, value: undefined })
    const waiting = Promise.withResolvers<Result>()
    this.#waiting.push(waiting)
    return waiting.promise
  }

  return(): Promise<Result> {
    if (!this.isOver) this.closed++
    this.#settle((waiting) => waiting.resolve({ done: true, value: undefined }))
    this.isOver = true
    return Promise.resolve({ done: true, value: undefined })
  }

  get isAsked(): boolean {
    return this.#waiting.length > 0
  }

  give(value: number): void {
    this.#waiting.shift()?.resolve({ done: false, value })
  }

  end(): void {
    if (!this.isAsked) return
    this.isOver = true
    this.#settle((waiting) => waiting.resolve({ done: true, value: undefined }))
  }

  fail(thrown: unknown): void {
    if (!this.isAsked) return
    this.isOver = true
    this.#settle((waiting) => waiting.reject(thrown))
  }

  #settle(how: (waiting: PromiseWithResolvers<Result>) => void): void {
    for (const waiting of this.#waiting.splice(0)) how(waiting)
  }
}

/** One call as the wire sees it. */
interface Sent extends PromiseWithResolvers<unknown> {
  readonly request: unknown
  readonly ctx: Context
}

/** A client over a wire whose far end the test plays. */
class Far {
  readonly clock = manualClock()
  readonly sent: Sent[] = []
  readonly #late = recorder<string>()
  readonly late = this.#late.events
  readonly client

  constructor(streamLimits?: IdleLimits) {
    this.client = clientOf(flows, {
      clock: this.clock,
      streamLimits,
      onLateReply: ({ method }) => this.#late(method.fullName),
      connect: () => (request, ctx) => {
        const call = { ...Promise.withResolvers<unknown>(), request, ctx }
        this.sent.push(call)
        return call.promise
      },
    })
  }

  /** The latest call. */
  get last(): Sent {
    const last = this.sent.at(-1)
    assert.ok(last, 'nothing was sent')
    return last
  }

  /** What the wire reads of the latest call. */
  get requests(): AsyncIterator<number> {
    return (this.last.request as AsyncIterable<number>)[Symbol.asyncIterator]()
  }

  /** Begins the response of the latest call. */
  respond(): Source {
    const responses = new Source()
    this.last.resolve(responses)
    return responses
  }
}

/** What a promise is rejected with. */
async function failure(promise: Promise<unknown>): Promise<ServiceError> {
  try {
    await promise
  } catch (thrown) {
    assert.ok(thrown instanceof ServiceError, `a ServiceError, but ${String(thrown)} was thrown`)
    return thrown
  }
  throw new assert.AssertionError({ message: 'it should fail' })
}

const readerOf = async (stream: Promise<AsyncIterable<number>>) => (await stream)[Symbol.asyncIterator]()
const isDone = { done: true, value: undefined }
const bug = new Error('a bug')

describe('a stream of responses', () => {
  it('gives the messages of the wire, and leaves nothing behind', async () => {
    const far = new Far()
    const ctx = rootContext({ clock: far.clock })
    const reading = far.client.list(7, ctx)
    assert.equal(far.last.request, 7)
    const responses = far.respond()
    const all: number[] = []
    const done = (async () => {
      for await (const n of await reading) all.push(n)
    })()
    for (const n of [1, 2, 3]) {
      await far.clock.settle()
      responses.give(n)
    }
    await far.clock.settle()
    responses.end()
    await done
    assert.deepEqual(all, [1, 2, 3])
    assert.equal(responses.closed, 0)
    assert.equal(far.clock.pending, 0)
    assert.deepEqual(far.late, [])
  })

  it('has each message checked, and ends with internal at one that does not fit', async () => {
    for (const method of ['listChecked', 'listCheckedLater'] as const) {
      const far = new Far()
      const { signal } = new AbortController()
      const call = far.client[method](1, { signal })
      const responses = far.respond()
      const reader = await readerOf(call)
      const first = reader.next()
      responses.give(2)
      assert.equal((await first).value, method === 'listChecked' ? 20 : 2)
      const second = failure(reader.next())
      await far.clock.settle()
      responses.give(method === 'listChecked' ? ('x' as never) : 3)
      const { code, message, remote } = await second
      assert.equal(code, 'internal')
      assert.match(message, /^the reply does not fit: /)
      assert.equal(remote, `flows/${method}`)
      assert.equal(responses.closed, 1)
      assert.equal(far.clock.pending, 0)
      assert.equal(getEventListeners(signal, 'abort').length, 0)
      assert.deepEqual(await reader.next(), isDone)
    }
  })

  it('passes on what the wire fails with, as a ServiceError with the method it came out of', async () => {
    for (const thrown of [new ServiceError('not_found'), bug, undefined]) {
      const far = new Far()
      const call = far.client.list(1)
      const responses = far.respond()
      const next = failure((await readerOf(call)).next())
      responses.fail(thrown)
      const error = await next
      assert.equal(error.code, thrown instanceof ServiceError ? 'not_found' : 'internal')
      assert.equal(error.remote, 'flows/list')
      assert.equal(far.clock.pending, 0)
    }
  })

  it('that never begins fails the call', async () => {
    const far = new Far()
    const failed = failure(far.client.list(1))
    far.last.reject(new ServiceError('unavailable'))
    const { code, remote } = await failed
    assert.deepEqual([code, remote], ['unavailable', 'flows/list'])
    assert.equal(far.clock.pending, 0)
  })

  it('that is none is internal', async () => {
    for (const response of [undefined, 5, [1, 2], { [Symbol.asyncIterator]: 1 }]) {
      const far = new Far()
      const failed = failure(far.client.list(1))
      far.last.resolve(response)
      const { code, message } = await failed
      assert.equal(code, 'internal')
      assert.equal(message, 'the reply is not a stream')
      assert.equal(far.clock.pending, 0)
    }
  })

  it('that cannot be read fails the call', async () => {
    const far = new Far()
    const failed = failure(far.client.list(1))
    const locked = () => {
      throw new TypeError('the stream is locked')
    }
    far.last.resolve({ [Symbol.asyncIterator]: locked })
    const { code, remote } = await failed
    assert.deepEqual([code, remote], ['internal', 'flows/list'])
    assert.equal(far.clock.pending, 0)
  })

  it('that its reader leaves early is closed, and ends the call', async () => {
    const far = new Far()
    const ctx = rootContext({ clock: far.clock, deadlineAt: 1e6 })
    const { signal } = new AbortController()
    const call = far.client.list(1, { ctx, signal })
    const responses = far.respond()
    const reader = await readerOf(call)
    const first = reader.next()
    responses.give(1)
    await first
    await reader.return?.()
    assert.equal(responses.closed, 1)
    assert.equal(far.clock.pending, 0)
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  it('fails at once when the call is called off, and is closed', async () => {
    const aborts = {
      signal: (_: Far, controller: AbortController) => controller.abort(),
      context: (_: Far, __: AbortController, ctx: { cancel(): void }) => ctx.cancel(),
      client: (far: Far) => far.client[Symbol.asyncDispose](),
    }
    for (const [name, abort] of Object.entries(aborts)) {
      const far = new Far()
      const controller = new AbortController()
      const ctx = rootContext({ clock: far.clock })
      const call = far.client.list(1, { ctx, signal: controller.signal })
      const responses = far.respond()
      const reader = await readerOf(call)
      const pending = failure(reader.next())
      await abort(far, controller, ctx)
      assert.equal((await pending).code, 'canceled', name)
      assert.equal(responses.closed, 1)
      assert.equal(far.last.ctx.aborted, true)
      assert.equal(far.clock.pending, 0)
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
    }
  })

  it('does not mark a cause that others were told too', async () => {
    const far = new Far()
    const ctx = rootContext({ clock: far.clock })
    const call = far.client.list(1, ctx)
    far.respond()
    const pending = failure((await readerOf(call)).next())
    const cause = new ServiceError('unavailable', 'going down', { retry: 'safe' })
    ctx.cancel(cause)
    assert.equal(await pending, cause)
    assert.equal(cause.remote, undefined)
  })

  it('that comes too late is counted once, and closed', async () => {
    const far = new Far()
    const controller = new AbortController()
    const failed = failure(far.client.list(1, { signal: controller.signal }))
    controller.abort()
    await failed
    const responses = far.respond()
    await far.clock.settle()
    assert.equal(responses.closed, 1)
    assert.deepEqual(far.late, ['flows/list'])
    far.last.resolve(new Source())
    await far.clock.settle()
    assert.deepEqual(far.late, ['flows/list'])
  })
})

describe('the time of a call with streams', () => {
  it('has no deadline unless the caller or the method has one', async () => {
    const far = new Far({ firstMs: Infinity, betweenMs: Infinity })
    const ctx = rootContext({ clock: far.clock, deadlineAt: 70 })
    const calls = [
      far.client.list(1),
      far.client.limited(1),
      far.client.list(1, { timeoutMs: 90 }),
      far.client.list(1, ctx),
      far.client.list(1, { ctx, timeoutMs: 90 }),
    ]
    assert.deepEqual(
      far.sent.map((call) => call.ctx.deadlineAt),
      [Infinity, 200, 90, 70, 70],
    )
    const failed = calls.slice(1).map(failure)
    await far.clock.advance(200)
    for (const { code } of await Promise.all(failed)) assert.equal(code, 'deadline_exceeded')
    await far.clock.advance(1e9)
    assert.equal(far.sent[0]?.ctx.aborted, false)
    far.sent[0]?.resolve(new Source())
    await calls[0]
    assert.equal(far.clock.pending, 0)
  })

  it('ends a stream that has begun at the deadline', async () => {
    const far = new Far()
    const call = far.client.limited(1)
    const responses = far.respond()
    const next = failure((await readerOf(call)).next())
    await far.clock.advance(200)
    assert.equal((await next).code, 'deadline_exceeded')
    assert.equal(responses.closed, 1)
    assert.equal(far.clock.pending, 0)
  })

  it('allows 5 s until the stream begins, 5 s to the first message and 60 s between messages', async () => {
    const far = new Far()
    const call = far.client.list(1)
    await far.clock.advance(4_999)
    const responses = far.respond()
    const reader = await readerOf(call)
    await far.clock.advance(1e6)
    const first = reader.next()
    await far.clock.advance(4_999)
    responses.give(1)
    await first
    const second = failure(reader.next())
    await far.clock.advance(59_999)
    assert.equal(responses.closed, 0)
    await far.clock.advance(1)
    const { code, message } = await second
    assert.equal(code, 'deadline_exceeded')
    assert.match(message, /no message came within/)
    assert.equal(responses.closed, 1)
    assert.equal(far.clock.pending, 0)
  })

  it('fails the call when nothing at all comes in time', async () => {
    const far = new Far({ firstMs: 30 })
    const failed = failure(far.client.list(1))
    await far.clock.advance(30)
    assert.equal((await failed).code, 'deadline_exceeded')
    assert.equal(far.last.ctx.aborted, true, 'the wire hears of it')
    assert.equal(far.clock.pending, 0)
  })

  it('fails the first message when it does not come in time', async () => {
    const far = new Far({ firstMs: 30 })
    const call = far.client.list(1)
    const responses = far.respond()
    const next = failure((await readerOf(call)).next())
    await far.clock.advance(30)
    assert.equal((await next).code, 'deadline_exceeded')
    assert.equal(responses.closed, 1)
  })

  it('counts the messages of either direction as life', async () => {
    const far = new Far({ firstMs: 30, betweenMs: 50 })
    const requests = new Source()
    const call = far.client.talk(requests)
    const wire = far.requests
    const responses = far.respond()
    const next = failure((await readerOf(call)).next())
    for (let n = 0; n < 5; n++) {
      const read = wire.next()
      await far.clock.advance(n === 0 ? 29 : 49)
      requests.give(n)
      assert.deepEqual(await read, { done: false, value: n })
    }
    await far.clock.advance(49)
    assert.equal(responses.closed, 0)
    await far.clock.advance(1)
    assert.equal((await next).code, 'deadline_exceeded')
    assert.equal(requests.closed, 1)
    assert.equal(far.clock.pending, 0)
  })
})

describe('a stream of requests', () => {
  it('is read by the wire at its own pace, and the reply ends the call', async () => {
    const far = new Far()
    const requests = new Source()
    const call = far.client.sum(requests)
    const wire = far.requests
    assert.equal(requests.isAsked, false)
    const first = wire.next()
    requests.give(7)
    assert.deepEqual(await first, { done: false, value: 7 })
    const second = wire.next()
    requests.end()
    assert.deepEqual(await second, isDone)
    far.last.resolve(7)
    assert.equal(await call, 7)
    assert.equal(requests.closed, 0)
    assert.equal(far.clock.pending, 0)
  })

  it('has its reply checked, at once or later', async () => {
    const far = new Far()
    const good = far.client.sumChecked(new Source())
    far.last.resolve(8)
    assert.equal(await good, 8)
    for (const [reply, requests] of [
      [7, new Source()],
      ['x', new Source()],
    ] as const) {
      const bad = failure(far.client.sumChecked(requests))
      far.last.resolve(reply)
      const { code, remote } = await bad
      assert.deepEqual([code, remote], ['internal', 'flows/sumChecked'])
      assert.equal(requests.closed, 1)
    }
    assert.equal(far.clock.pending, 0)
  })

  it('that throws ends the call with canceled and with what it threw as the cause', async () => {
    for (const thrown of [bug, new ServiceError('not_found'), 'text', undefined]) {
      for (const method of ['sum', 'talk'] as const) {
        const far = new Far()
        const requests = new Source()
        const failed = failure(far.client[method](requests))
        const read = failure(far.requests.next())
        requests.fail(thrown)
        const error = await failed
        assert.equal(error.code, 'canceled')
        if (thrown === undefined) assert.match(String(error.cause), /undefined was thrown/)
        else assert.equal(error.cause, thrown)
        assert.equal((await read).code, 'canceled', 'the wire hears of it')
        assert.equal(far.last.ctx.aborted, true)
        assert.equal(far.clock.pending, 0)
      }
    }
  })

  it('that throws while responses flow fails them', async () => {
    const far = new Far()
    const requests = new Source()
    const call = far.client.talk(requests)
    const wire = far.requests
    const responses = far.respond()
    const next = failure((await readerOf(call)).next())
    wire.next().catch(() => {})
    requests.fail(bug)
    const { code, cause } = await next
    assert.equal(code, 'canceled')
    assert.equal(cause, bug)
    assert.equal(responses.closed, 1)
    assert.equal(far.clock.pending, 0)
  })

  it('that is none is refused before anything is sent, and leaves nothing behind', async () => {
    const throwing = {
      [Symbol.asyncIterator]() {
        throw bug
      },
    }
    for (const requests of [[1, 2], undefined, 5, throwing]) {
      const far = new Far()
      const { signal } = new AbortController()
      const ctx = rootContext({ clock: far.clock, deadlineAt: 100 })
      const { code, cause } = await failure(far.client.sum(requests as never, { ctx, signal }))
      assert.deepEqual([code, cause], requests === throwing ? ['canceled', bug] : ['invalid_argument', undefined])
      assert.equal(far.sent.length, 0)
      assert.equal(far.clock.pending, 0)
      assert.equal(getEventListeners(signal, 'abort').length, 0)
    }
  })

  it('is closed when the call ends before it has ended', async () => {
    const ends: Readonly<Record<string, (far: Far) => unknown>> = {
      reply: (far) => far.last.resolve(1),
      error: (far) => far.last.reject(new ServiceError('not_found')),
      deadline: (far) => far.clock.advance(100),
      silence: (far) => far.clock.advance(50),
      close: (far) => far.client[Symbol.asyncDispose](),
    }
    for (const [name, end] of Object.entries(ends)) {
      const far = new Far({ firstMs: name === 'silence' ? 50 : Infinity })
      const requests = new Source()
      const settled = far.client.sum(requests, { timeoutMs: 100 }).catch(() => {})
      await end(far)
      await settled
      assert.equal(requests.closed, 1, name)
      assert.equal(far.clock.pending, 0, name)
    }
  })

  it('is closed when the call is called off before it was sent', async () => {
    const far = new Far()
    const requests = new Source()
    await failure(far.client.sum(requests, { signal: AbortSignal.abort() }))
    assert.equal(requests.closed, 1)
    assert.equal(far.sent.length, 0)
  })

  it('fails for the wire when the call is called off, so that it does not take a part for the whole', async () => {
    for (const method of ['sum', 'talk'] as const) {
      for (const reading of [true, false]) {
        const far = new Far()
        const ctx = rootContext({ clock: far.clock })
        const requests = new Source()
        const failed = failure(far.client[method](requests, ctx))
        const wire = far.requests
        const pending = reading ? failure(wire.next()) : undefined
        ctx.cancel()
        assert.equal((await (pending ?? failure(wire.next()))).code, 'canceled')
        assert.equal((await failed).code, 'canceled')
        assert.equal(requests.closed, 1)
      }
    }
  })

  it('is closed when its responses end or are left', async () => {
    for (const end of ['end', 'return'] as const) {
      const far = new Far()
      const requests = new Source()
      const call = far.client.talk(requests)
      const responses = far.respond()
      const reader = await readerOf(call)
      const next = reader.next()
      if (end === 'end') responses.end()
      else await reader.return?.()
      assert.deepEqual(await next, isDone)
      await far.clock.settle()
      assert.equal(requests.closed, 1)
      assert.equal(responses.closed, end === 'end' ? 0 : 1)
      assert.equal(far.clock.pending, 0)
    }
  })
})

describe('whatever happens when, a call with a stream each way', () => {
  const steps = [
    'wire reads',
    'wire reads',
    'request',
    'request',
    'requests end',
    'requests fail',
    'response begins',
    'response',
    'response',
    'responses end',
    'wire fails',
    'reader reads',
    'reader reads',
    'reader leaves',
    'signal',
    'context',
    'time',
  ] as const

  it('settles all who wait, closes both streams and leaves nothing', async () => {
    const story = fc.array(fc.record({ step: fc.constantFrom(...steps), settle: fc.boolean() }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(story, async (told) => {
        const far = new Far({ firstMs: 30, betweenMs: 30 })
        const controller = new AbortController()
        const ctx = rootContext({ clock: far.clock })
        const requests = new Source()
        const responses = new Source()
        let responded = false
        let reader: AsyncIterator<number> | undefined
        const waits: Promise<unknown>[] = []
        const wait = (promise: Promise<unknown> | undefined) => {
          if (promise === undefined) return
          waits.push(
            promise.then(
              () => {},
              (thrown) => assert.ok(thrown instanceof ServiceError, `${String(thrown)} is no ServiceError`),
            ),
          )
        }
        const call = far.client.talk(requests, { ctx, signal: controller.signal })
        call.then(
          (stream) => {
            reader = stream[Symbol.asyncIterator]()
          },
          () => {},
        )
        wait(call)
        const run: Readonly<Record<(typeof steps)[number], () => unknown>> = {
          'wire reads': () => wait(far.requests.next()),
          request: () => requests.give(1),
          'requests end': () => requests.end(),
          'requests fail': () => requests.fail(bug),
          'response begins': () => {
            responded = true
            far.last.resolve(responses)
          },
          response: () => responses.give(1),
          'responses end': () => responses.end(),
          'wire fails': () => (responded ? responses.fail(bug) : far.last.reject(bug)),
          'reader reads': () => wait(reader?.next()),
          'reader leaves': () => wait(reader?.return?.()),
          signal: () => controller.abort(),
          context: () => ctx.cancel(),
          time: () => far.clock.advance(10),
        }
        for (const { step, settle } of told) {
          await run[step]()
          if (settle) await far.clock.settle()
        }
        await far.client[Symbol.asyncDispose]()
        await Promise.all(waits)
        await far.clock.settle()
        assert.equal(far.clock.pending, 0)
        assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
        assert.ok(requests.isOver, 'the requests are closed or at their end')
        assert.ok(requests.closed <= 1)
        // A response that the wire kept to itself is the wire's.
        const wireFailedFirst = told.find(({ step }) => step === 'wire fails' || step === 'response begins')
        if (responded && wireFailedFirst?.step === 'response begins') assert.ok(responses.isOver)
      }),
      { numRuns: 300 },
    )
  })
})
