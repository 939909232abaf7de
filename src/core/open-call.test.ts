// Tests of open-call.ts: a call with one reply settles once, whatever the wire, the clock and the caller do, and leaves nothing.
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { type ManualClock, manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { type CallOptions, callOptions } from './call-options.ts'
import { callOf, clientOf } from './client.ts'
import { type Context, rootContext } from './context.ts'
import { contract, unary } from './contract.ts'
import { ServiceError } from './errors.ts'
import type { MethodInfo } from './method.ts'

const even = z.number().refine(async (n) => n % 2 === 0)
/** Its asynchronous check ends when the test says so. */
const slowCheck = Promise.withResolvers<boolean>()

const shop = contract('shop', {
  order: unary.of<unknown, unknown>(),
  quick: unary.of<unknown, unknown>({ timeoutMs: 200 }),
  counted: unary({ input: z.number(), output: z.number().transform((n) => n * 10) }),
  checkedLater: unary({ input: z.number(), output: even }),
  checkedNever: unary({ input: z.number(), output: z.number().refine(() => slowCheck.promise) }),
})

/** One call as the wire sees it, to be answered by the test. */
interface Sent extends PromiseWithResolvers<unknown> {
  readonly request: unknown
  readonly ctx: Context
  readonly method: MethodInfo
}

/** A client over a wire whose far end the test plays. */
class Far {
  readonly clock = manualClock()
  readonly sent: Sent[] = []
  readonly #late = recorder<string>()
  /** Methods whose replies came late. */
  readonly late = this.#late.events
  /** What the wire throws in place of a promise. */
  throws: { readonly thrown: unknown } | undefined
  readonly client = clientOf(shop, {
    clock: this.clock,
    onLateReply: ({ method }) => this.#late(method.fullName),
    connect: (method) => (request, ctx) => {
      if (this.throws !== undefined) throw this.throws.thrown
      const call: Sent = { ...Promise.withResolvers<unknown>(), request, ctx, method }
      this.sent.push(call)
      return call.promise
    },
  })

  /** The latest call. */
  get last(): Sent {
    const last = this.sent.at(-1)
    assert.ok(last, 'nothing was sent')
    return last
  }
}

/** What a call is rejected with. */
async function failure(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call
  } catch (thrown) {
    assert.ok(thrown instanceof ServiceError, `a ServiceError, but ${String(thrown)} was thrown`)
    return thrown
  }
  throw new assert.AssertionError({ message: 'the call should fail' })
}

/** Whether a call is still open. */
async function isOpen(clock: ManualClock, call: Promise<unknown>): Promise<boolean> {
  let open = true
  const settled = () => {
    open = false
  }
  call.then(settled, settled)
  await clock.settle()
  return open
}

describe('a call', () => {
  it('sends the request and gives the response, and leaves nothing behind', async () => {
    const { client, clock, sent, late } = new Far()
    const call = client.order({ item: 7 })
    assert.deepEqual(sent[0]?.request, { item: 7 })
    assert.equal(sent[0]?.ctx.method, shop.info.order)
    assert.equal(clock.pending, 1)
    sent[0]?.resolve('ordered')
    assert.equal(await call, 'ordered')
    assert.equal(clock.pending, 0)
    assert.deepEqual(late, [])
  })

  it('takes a context, or options that may hold one', async () => {
    const world = new Far()
    const ctx = rootContext({ clock: world.clock, deadlineAt: 77 })
    const options: CallOptions = { ctx, headers: { 'x-tenant': 'a' }, retry: false }
    void world.client.order(1, ctx).catch(() => {})
    assert.equal(world.last.ctx.deadlineAt, 77)
    assert.equal(world.last.ctx.get(callOptions), undefined)
    void world.client.order(1, options).catch(() => {})
    assert.equal(world.last.ctx.deadlineAt, 77)
    assert.equal(world.last.ctx.get(callOptions), options, 'the wire reads the rest')
    await world.clock.runAll()
  })

  it('leaves the context it was made for alone', async () => {
    const world = new Far()
    const ctx = rootContext({ clock: world.clock })
    const call = world.client.order(1, ctx)
    world.last.resolve(1)
    await call
    assert.equal(ctx.aborted, false)
    await failure(world.client.order(1, { ctx, signal: AbortSignal.abort() }))
    assert.equal(ctx.aborted, false)
  })
})

describe('the deadline of a call', () => {
  interface Case {
    readonly name: string
    readonly method?: 'order' | 'quick'
    readonly deadlineAt?: number
    readonly timeoutMs?: number
    readonly expected: number
  }
  const cases: readonly Case[] = [
    { name: 'is 5 s away when nobody says', expected: 5_000 },
    { name: 'is the method’s own', method: 'quick', expected: 200 },
    { name: 'is what the caller says', timeoutMs: 70, expected: 70 },
    { name: 'is what the caller says, and not the method', method: 'quick', timeoutMs: 70_000, expected: 70_000 },
    { name: 'is that of the context where nobody else says', deadlineAt: 60_000, expected: 60_000 },
    {
      name: 'is that of the context when it is earlier than the method’s',
      method: 'quick',
      deadlineAt: 9,
      expected: 9,
    },
    {
      name: 'is that of the context when it is earlier than what the caller says',
      timeoutMs: 70,
      deadlineAt: 9,
      expected: 9,
    },
    { name: 'is not that of the context when it is later', timeoutMs: 70, deadlineAt: 90, expected: 70 },
    { name: 'may be far away', timeoutMs: 2 ** 31 - 1, expected: 2 ** 31 - 1 },
    { name: 'may be now', timeoutMs: 0, expected: 0 },
  ]
  for (const { name, method = 'order', deadlineAt, timeoutMs, expected } of cases) {
    it(name, async () => {
      const { client, clock, sent } = new Far()
      const ctx = deadlineAt === undefined ? undefined : rootContext({ clock, deadlineAt })
      const call = client[method](1, { ctx, timeoutMs })
      assert.equal(sent[0]?.ctx.deadlineAt, expected)
      const failed = failure(call)
      await clock.advance(Math.max(0, expected - 1))
      assert.equal(await isOpen(clock, call), expected > 0)
      await clock.advance(1)
      const { code, retry, message, remote } = await failed
      assert.deepEqual([code, retry, remote], ['deadline_exceeded', 'if_idempotent', `shop/${method}`])
      assert.equal(message, `shop/${method}: the deadline passed`)
      assert.equal(clock.pending, 0)
    })
  }

  it('must be a length of time, and finite for a unary call', async () => {
    const { client, clock, sent } = new Far()
    for (const timeoutMs of [-1, Number.NaN, Infinity, 2 ** 31]) {
      await assert.rejects(client.order(1, { timeoutMs }), {
        name: 'RangeError',
        message: /^shop\/order: timeoutMs must be/,
      })
    }
    await assert.rejects(client.order(1, { timeoutMs: '5' as never }), TypeError)
    assert.deepEqual([sent.length, clock.pending], [0, 0])
  })

  it('is measured by the clock of the context, and counted from the call', async () => {
    const { client, clock, sent } = new Far()
    const other = manualClock({ startAt: 1_000_000 })
    const failed = failure(client.order(1, rootContext({ clock: other })))
    assert.equal(sent[0]?.ctx.deadlineAt, 1_005_000)
    assert.equal(clock.pending, 0)
    await other.advance(5_000)
    assert.equal((await failed).code, 'deadline_exceeded')
    assert.equal(other.pending, 0)
  })

  it('aborts the context that the wire holds', async () => {
    const { client, clock, sent } = new Far()
    const failed = failure(client.quick(1))
    await clock.advance(200)
    assert.equal(sent[0]?.ctx.aborted, true)
    await failed
  })
})

describe('a signal', () => {
  const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

  it('calls the call off, with its reason as the cause', async () => {
    const { client, clock, sent } = new Far()
    const controller = new AbortController()
    const failed = failure(client.order(1, { signal: controller.signal }))
    const reason = new Error('the user left')
    controller.abort(reason)
    const { code, cause } = await failed
    assert.equal(code, 'canceled')
    assert.equal(cause, reason)
    assert.equal(sent[0]?.ctx.aborted, true)
    assert.equal(clock.pending, 0)
    assert.equal(listeners(controller.signal), 0)
  })

  it('of the platform’s time-out makes it deadline_exceeded', async () => {
    const { client } = new Far()
    const reason = new DOMException('too long', 'TimeoutError')
    const { code, cause } = await failure(client.order(1, { signal: AbortSignal.abort(reason) }))
    assert.equal(code, 'deadline_exceeded')
    assert.equal(cause, reason)
  })

  it('that is aborted already keeps the call from being sent', async () => {
    const { client, clock, sent } = new Far()
    const signal = AbortSignal.abort()
    const ctx = rootContext({ clock, deadlineAt: 100 })
    assert.equal((await failure(client.order(1, { ctx, signal }))).code, 'canceled')
    assert.equal(sent.length, 0)
    assert.equal(listeners(signal), 0)
    assert.equal(clock.pending, 0)
  })

  it('is let go of when the call has ended, however it did', async () => {
    const ends: ((world: Far) => unknown)[] = [
      ({ last }) => last.resolve(1),
      ({ last }) => last.reject(new Error('x')),
      ({ clock }) => clock.advance(5_000),
      ({ client }) => client[Symbol.asyncDispose](),
    ]
    for (const end of ends) {
      const world = new Far()
      const { signal } = new AbortController()
      const call = world.client.order(1, { signal })
      assert.equal(listeners(signal), 1)
      const settled = call.catch(() => {})
      await end(world)
      await settled
      assert.equal(listeners(signal), 0)
      assert.equal(world.clock.pending, 0)
    }
  })
})

describe('a context', () => {
  it('that is aborted calls off the calls made for it', async () => {
    const { client, clock, sent } = new Far()
    const ctx = rootContext({ clock })
    const both = [failure(client.order(1, ctx)), failure(client.quick(1, { ctx }))]
    ctx.cancel(new Error('enough'))
    for (const { code, cause } of await Promise.all(both)) {
      assert.equal(code, 'canceled')
      assert.equal((cause as Error).message, 'enough')
    }
    assert.ok(sent.every((call) => call.ctx.aborted))
    assert.equal(clock.pending, 0)
  })

  it('that is aborted already keeps the call from being sent', async () => {
    const { client, clock, sent } = new Far()
    const ctx = rootContext({ clock, deadlineAt: 100 })
    ctx.cancel()
    assert.equal((await failure(client.order(1, ctx))).code, 'canceled')
    assert.equal(sent.length, 0)
    assert.equal(clock.pending, 0)
  })

  it('is not marked with a call that it called off: its cause belongs to all who were', async () => {
    const { client, clock } = new Far()
    const ctx = rootContext({ clock })
    const cause = Object.freeze(new ServiceError('unavailable', 'going down', { retry: 'safe' }))
    const both = [failure(client.order(1, ctx)), failure(client.quick(1, ctx))]
    ctx.cancel(cause)
    for (const told of await Promise.all(both)) {
      assert.equal(told, cause)
      assert.equal(told.remote, undefined)
    }
  })
})

describe('the client', () => {
  it('is let go of when the call has ended, however it did', async () => {
    const clock = manualClock()
    // The deadline is what shows listeners that are left: while there is one, the clock has its timer.
    const root = rootContext({ clock, deadlineAt: 1e9 })
    const answers: PromiseWithResolvers<unknown>[] = []
    const send = () => {
      const answer = Promise.withResolvers<unknown>()
      answers.push(answer)
      return answer.promise
    }
    const call = callOf({ info: shop.info.order, output: undefined, send, root, wire: {} })
    const ctx = rootContext({ clock })
    const calls = [call(1, ctx), call(2, ctx), call(3, ctx)].map((each) => each.catch(() => {}))
    assert.equal(clock.pending, 4, 'three deadlines and the root')
    answers[0]?.resolve(1)
    answers[1]?.reject(new Error('x'))
    await clock.settle()
    assert.equal(clock.pending, 2)
    ctx.cancel()
    await Promise.all(calls)
    assert.equal(clock.pending, 0)
  })
})

describe('headers', () => {
  it('that a wire could not carry are refused before anything is sent', async () => {
    const { client, clock, sent } = new Far()
    const { signal } = new AbortController()
    const bad = [{ 'a b': 'x' }, { a: 'ä' }, { a: 'x\ny' }, { 'Request-Timeout-Ms': '1' }, { 'request-attempt': '2' }]
    for (const headers of bad) await assert.rejects(client.order(1, { headers, signal }), TypeError)
    await assert.rejects(client.order(1, { headers: { a: 'x'.repeat(20_000) }, signal }), RangeError)
    assert.equal(sent.length, 0)
    assert.equal(clock.pending, 0)
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })
})

describe('an error', () => {
  it('that is a ServiceError is passed on, with the method it came out of', async () => {
    const { client, clock, sent } = new Far()
    const error = new ServiceError('not_found', 'no such order', { details: 7 })
    const failed = failure(client.order(1))
    sent[0]?.reject(error)
    const told = await failed
    assert.deepEqual([told.cause, told.remote, told.toJSON()], [error, 'shop/order', error.toJSON()])
    assert.equal(error.remote, undefined)
    assert.equal(clock.pending, 0)
  })

  it('keeps the name of the call nearest to the fault', async () => {
    const { client, sent } = new Far()
    const stock = contract('stock', { reserve: unary.of<unknown, unknown>() })
    const below = clientOf(stock, { connect: () => () => Promise.reject(new ServiceError('unavailable')) })
    const failed = failure(client.order(1))
    below.reserve(1).catch((thrown) => sent[0]?.reject(thrown))
    assert.equal((await failed).remote, 'stock/reserve')
  })

  it('of any other kind becomes internal, with the original as its cause', async () => {
    for (const thrown of [new Error('secret'), undefined, null, 'text', Symbol('x')]) {
      const { client, sent } = new Far()
      const failed = failure(client.order(1))
      sent[0]?.reject(thrown)
      const error = await failed
      assert.deepEqual([error.code, error.message, error.remote], ['internal', 'internal error', 'shop/order'])
      assert.equal(error.cause, thrown)
    }
  })

  it('settles the call even when it is frozen', async () => {
    const { client, sent } = new Far()
    const error = Object.freeze(new ServiceError('not_found', 'no such order'))
    const failed = failure(client.order(1))
    sent[0]?.reject(error)
    const { cause, code, remote } = await failed
    assert.deepEqual([code, remote], ['not_found', 'shop/order'])
    assert.equal(cause, error)
  })

  it('that the wire throws in place of a rejection fails the call like any other', async () => {
    const world = new Far()
    const thrown = new ServiceError('unavailable', 'not connected', { retry: 'safe' })
    world.throws = { thrown }
    const told = await failure(world.client.order(1))
    assert.deepEqual([told.cause, told.remote, told.retry], [thrown, 'shop/order', 'safe'])
    world.throws = { thrown: new Error('x') }
    assert.equal((await failure(world.client.order(1))).code, 'internal')
    assert.equal(world.clock.pending, 0)
  })
})

describe('a reply', () => {
  it('is what the schema makes of it', async () => {
    const { client, clock, sent } = new Far()
    const call = client.counted(1)
    sent[0]?.resolve(7)
    assert.equal(await call, 70)
    const later = client.checkedLater(1)
    sent[1]?.resolve(8)
    assert.equal(await later, 8)
    assert.equal(clock.pending, 0)
  })

  it('that does not fit is internal, and says so', async () => {
    const { client, clock, sent } = new Far()
    const failed = [failure(client.counted(1)), failure(client.checkedLater(1))]
    sent[0]?.resolve('seven')
    sent[1]?.resolve(7)
    const errors = await Promise.all(failed)
    for (const { code, message } of errors) {
      assert.equal(code, 'internal')
      assert.match(message, /^the reply does not fit: /)
    }
    assert.deepEqual(
      errors.map(({ remote }) => remote),
      ['shop/counted', 'shop/checkedLater'],
    )
    assert.equal(clock.pending, 0)
  })

  it('whose check never ends does not outlive the deadline, and is no late reply', async () => {
    const { client, clock, sent, late } = new Far()
    const failed = failure(client.checkedNever(1))
    sent[0]?.resolve(7)
    await clock.advance(5_000)
    assert.equal((await failed).code, 'deadline_exceeded')
    slowCheck.resolve(true)
    await clock.settle()
    assert.deepEqual(late, [])
    assert.equal(clock.pending, 0)
  })

  it('that comes after the end is dropped, and counted once', async () => {
    const { client, clock, sent, late } = new Far()
    const controller = new AbortController()
    const failed = [failure(client.quick(1)), failure(client.order(1, { signal: controller.signal }))]
    await clock.advance(200)
    controller.abort()
    await Promise.all(failed)
    sent[0]?.resolve(1)
    sent[1]?.resolve(1)
    await clock.settle()
    assert.deepEqual(late, ['shop/quick', 'shop/order'])
  })

  it('that is an error and comes after the end is dropped in silence', async () => {
    const { client, clock, sent, late } = new Far()
    const failed = failure(client.quick(1))
    await clock.advance(200)
    await failed
    sent[0]?.reject(new Error('x'))
    await clock.settle()
    assert.deepEqual(late, [])
  })
})

describe('whatever happens when, a call', () => {
  const events = {
    reply: { settled: 'ok', run: ({ sent }: Far, n: number) => sent[n]?.resolve(2) },
    badReply: { settled: 'internal', run: ({ sent }: Far, n: number) => sent[n]?.resolve('bad') },
    error: { settled: 'not_found', run: ({ sent }: Far, n: number) => sent[n]?.reject(new ServiceError('not_found')) },
    signal: { settled: 'canceled', run: (_: Far, n: number, aborts: Aborts[]) => aborts[n]?.controller.abort() },
    ctx: { settled: 'canceled', run: (_: Far, n: number, aborts: Aborts[]) => aborts[n]?.ctx.cancel() },
    deadline: { settled: 'deadline_exceeded', run: ({ clock }: Far) => clock.advance(5_000) },
    close: { settled: 'canceled', run: ({ client }: Far) => client[Symbol.asyncDispose]() },
  } as const
  type Aborts = { readonly controller: AbortController; readonly ctx: ReturnType<typeof rootContext> }
  const calls = 3
  const event = fc.record({
    name: fc.constantFrom(...(Object.keys(events) as (keyof typeof events)[])),
    call: fc.nat(calls - 1),
  })

  /** Makes three calls, plays the events, and gives how each call settled. */
  async function play(story: readonly { name: keyof typeof events; call: number }[], inTurn: boolean) {
    const world = new Far()
    const aborts = Array.from({ length: calls }, () => ({
      controller: new AbortController(),
      ctx: rootContext({ clock: world.clock }),
    }))
    const settled: string[][] = aborts.map(() => [])
    for (const [n, { ctx, controller }] of aborts.entries()) {
      const method = n === 0 ? 'order' : n === 1 ? 'checkedLater' : 'counted'
      world.client[method](1, { ctx: n === 2 ? undefined : ctx, signal: controller.signal }).then(
        () => settled[n]?.push('ok'),
        (thrown) => settled[n]?.push((thrown as ServiceError).code),
      )
    }
    for (const { name, call } of story) {
      await events[name].run(world, call, aborts)
      if (inTurn) await world.clock.settle()
    }
    await world.clock.advance(5_000)
    assert.equal(world.clock.pending, 0)
    for (const { controller } of aborts) assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
    return { settled, late: world.late.length }
  }

  it('settles once, as the first thing that ended it says, and later replies are counted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 12 }), async (story) => {
        const { settled, late } = await play(story, true)
        const expected: (string | undefined)[] = Array.from({ length: calls })
        const replied = new Set<number>()
        let dropped = 0
        const end = (n: number, how: string) => {
          expected[n] ??= how
        }
        for (const { name, call } of story) {
          // The third call has no context, and the first takes any reply.
          if (name === 'ctx' && call === 2) continue
          const how = name === 'badReply' && call === 0 ? 'ok' : events[name].settled
          if (name === 'deadline' || name === 'close') {
            for (let n = 0; n < calls; n++) end(n, how)
          } else if (name === 'reply' || name === 'badReply' || name === 'error') {
            // The wire answers once.
            if (replied.has(call)) continue
            replied.add(call)
            if (expected[call] !== undefined && name !== 'error') dropped++
            end(call, how)
          } else end(call, how)
        }
        assert.deepEqual(
          settled,
          expected.map((how) => [how ?? 'deadline_exceeded']),
        )
        assert.equal(late, dropped)
      }),
      { numRuns: 200 },
    )
  })

  it('settles once and leaves nothing when several things happen at the same moment', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 12 }), async (story) => {
        const { settled } = await play(story, false)
        assert.ok(settled.every((each) => each.length === 1))
      }),
      { numRuns: 100 },
    )
  })
})
