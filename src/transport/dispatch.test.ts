// Tests of dispatch.ts: each call is found, limited in time, answered once and counted, and a drain ends them all.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { clientOf } from '../core/client.ts'
import type { Clock } from '../core/clock.ts'
import type { Context } from '../core/context.ts'
import { contract, serverStream, unary } from '../core/contract.ts'
import type { Middleware } from '../core/endpoint.ts'
import { endpoints } from '../core/endpoints.ts'
import { ServiceError } from '../core/errors.ts'
import { criticality, inbound, requestId } from '../core/inbound.ts'
import { type ManualClock, manualClock } from '../testing/manual-clock.ts'
import { recorder } from '../testing/recorder.ts'
import { Dispatcher, type DispatchOptions, mounted } from './dispatch.ts'
import type { CallFailed } from './hooks.ts'
import type { InboundCall, ServedCall } from './served-call.ts'

const shop = contract('shop', {
  order: unary.of<unknown, unknown>(),
  quick: unary.of<unknown, unknown>({ timeoutMs: 200 }),
  patient: unary.of<unknown, unknown>({ timeoutMs: 100_000 }),
  list: serverStream.of<unknown, number>(),
  timedList: serverStream.of<unknown, number>({ timeoutMs: 50_000 }),
})

type Handle = (request: unknown, ctx: Context) => unknown

/** A call that a wire hands over, and what came of it. */
class Call implements InboundCall {
  readonly headers: Map<string, string>
  readonly peer = '10.0.0.1:5000'
  readonly answers: { readonly response?: unknown; readonly stream?: unknown; readonly error?: ServiceError }[] = []
  decoded = 0
  readonly method: string
  readonly deadlineAt: number | undefined
  readonly #request: unknown

  constructor(method = 'shop/order', deadlineAt?: number, request: unknown = 'request', headers = {}) {
    this.method = method
    this.deadlineAt = deadlineAt
    this.headers = new Map(Object.entries(headers))
    this.#request = request
  }

  decode(): unknown {
    this.decoded++
    return this.#request
  }

  respond(response: unknown): void {
    this.answers.push({ response })
  }

  stream(stream: AsyncIterable<unknown>): void {
    this.answers.push({ stream })
  }

  refuse(error: ServiceError): void {
    this.answers.push({ error })
  }

  /** The error it was refused with. */
  get error(): ServiceError {
    const [answer, ...more] = this.answers
    assert.ok(answer?.error, `it should be refused, but was answered ${this.answers.length} times`)
    assert.equal(more.length, 0)
    return answer.error
  }
}

/** A dispatcher whose handlers all do the same. */
class Server {
  readonly clock: ManualClock = manualClock()
  readonly errors = recorder<CallFailed>()
  readonly late = recorder<string>()
  readonly dispatcher: Dispatcher

  constructor(handle: Handle, options: DispatchOptions & { readonly use?: readonly Middleware[] } = {}) {
    const list = async function* (_request: unknown, ctx: Context) {
      await handle(_request, ctx)
      yield 1
    }
    const handlers = { order: handle, quick: handle, patient: handle, list, timedList: list }
    const served = endpoints(shop, handlers, { use: options.use })
    this.dispatcher = new Dispatcher(mounted(shop, served), {
      clock: this.clock,
      onError: this.errors,
      onLateReply: ({ method }) => this.late(method.fullName),
      ...options,
    })
  }

  dispatch(call: Call): ServedCall | undefined {
    return this.dispatcher.dispatch(call, this.clock.now())
  }

  /** Dispatches a call and lets all happen that needs no time. */
  async serve(call: Call): Promise<Call> {
    this.dispatch(call)
    await this.clock.settle()
    return call
  }
}

const never = () => new Promise<never>(() => {})
const stats = { inFlight: 0, served: 0, refused: 0, expired: 0, late: 0, draining: false }
const bug = new Error('a bug')

describe('a call', () => {
  it('is decoded, handled and answered once, and leaves nothing behind', async () => {
    const server = new Server((request) => ({ got: request }))
    const call = await server.serve(new Call())
    assert.deepEqual(call.answers, [{ response: { got: 'request' } }])
    assert.equal(call.decoded, 1)
    assert.equal(server.clock.pending, 0)
    assert.deepEqual(server.dispatcher.stats, { ...stats, served: 1 })
    assert.deepEqual(server.errors.events, [])
  })

  it('has a context that knows its method, its clock and what came beside the message', async () => {
    const seen: Context[] = []
    const server = new Server((_, ctx) => seen.push(ctx))
    await server.serve(new Call('shop/quick', undefined, 1, { 'request-id': 'r-1', 'x-tenant': 'a' }))
    const [ctx] = seen
    assert.ok(ctx)
    assert.equal(ctx.method, shop.info.quick)
    assert.equal(ctx.clock, server.clock)
    assert.equal(ctx.get(requestId), 'r-1')
    assert.equal(ctx.get(inbound).headers.get('x-tenant'), 'a')
    assert.equal(ctx.get(inbound).peer, '10.0.0.1:5000')
  })

  it('is believed in its criticality only where callers are trusted', async () => {
    for (const trustMetadata of [undefined, false, true]) {
      const seen: unknown[] = []
      const server = new Server((_, ctx) => seen.push(ctx.get(criticality)), { trustMetadata })
      await server.serve(new Call('shop/order', undefined, 1, { 'request-criticality': 'sheddable' }))
      assert.deepEqual(seen, [trustMetadata === true ? 'sheddable' : 'critical'])
    }
  })

  it('of a method that is not there is unimplemented, never to be repeated, and does not repeat a long name', async () => {
    const server = new Server(never)
    for (const method of ['shop/sell', 'order', '', 'shop/toString', '__proto__', `shop/${'x'.repeat(10_000)}`]) {
      const call = new Call(method)
      assert.equal(server.dispatch(call), undefined)
      assert.equal(call.error.code, 'unimplemented')
      assert.equal(call.error.retry, 'never')
      assert.ok(call.error.message.length < 300)
      assert.equal(call.decoded, 0)
    }
    assert.deepEqual(server.dispatcher.stats, { ...stats, refused: 6 })
  })
})

describe('the deadline of a call', () => {
  const cases: readonly (readonly [name: string, method: string, asked: number | undefined, expected: number])[] = [
    ['is 5 s away when nobody says', 'shop/order', undefined, 5_000],
    ['is the method’s own', 'shop/quick', undefined, 200],
    ['is what the caller asks for', 'shop/order', 70, 70],
    ['is what the caller asks for, even beyond the method’s own', 'shop/quick', 9_000, 9_000],
    ['is at most 30 s away, whatever the caller asks for', 'shop/order', 31_000, 30_000],
    ['is the method’s own, however long its contract allows', 'shop/patient', undefined, 100_000],
    ['is at most 30 s away when the caller asks for none', 'shop/order', Infinity, 30_000],
    ['is none for a stream', 'shop/list', undefined, Infinity],
    ['is the caller’s for a stream', 'shop/list', 90_000, 90_000],
    ['is the method’s own for a stream', 'shop/timedList', undefined, 50_000],
  ]
  for (const [name, method, asked, expected] of cases) {
    it(name, async () => {
      const seen: number[] = []
      const server = new Server((_, ctx) => seen.push(ctx.deadlineAt))
      await server.clock.advance(10)
      const call = await server.serve(new Call(method, asked === undefined ? undefined : 10 + asked))
      const stream = call.answers[0]?.stream as AsyncIterable<unknown> | undefined
      await stream?.[Symbol.asyncIterator]().next()
      assert.deepEqual(seen, [10 + expected])
    })
  }

  it('has a cap that can be chosen', async () => {
    const seen: number[] = []
    const server = new Server((_, ctx) => seen.push(ctx.deadlineAt), { maxTimeoutMs: 100 })
    await server.serve(new Call())
    await server.serve(new Call('shop/order', 5_000))
    await server.serve(new Call('shop/order', 50))
    assert.deepEqual(seen, [100, 100, 50])
    for (const maxTimeoutMs of [0, -1, Number.NaN]) assert.throws(() => new Server(never, { maxTimeoutMs }), RangeError)
  })

  it('that has passed refuses the call before it is decoded, as safe to repeat', async () => {
    const server = new Server(() => assert.fail('the handler ran'))
    await server.clock.advance(10)
    for (const deadlineAt of [10, 9.5, 0, -5]) {
      const call = new Call('shop/order', deadlineAt)
      assert.equal(server.dispatch(call), undefined)
      assert.equal(call.error.code, 'deadline_exceeded')
      assert.equal(call.error.retry, 'safe')
      assert.equal(call.decoded, 0)
    }
    assert.deepEqual(server.dispatcher.stats, { ...stats, expired: 4 })
    assert.equal(server.clock.pending, 0)
  })

  it('ends a call whose handler never answers, at that moment', async () => {
    const seen: Context[] = []
    const server = new Server((_, ctx) => {
      seen.push(ctx)
      return never()
    })
    const call = await server.serve(new Call('shop/quick'))
    await server.clock.advance(199)
    assert.deepEqual(call.answers, [])
    assert.equal(server.dispatcher.stats.inFlight, 1)
    await server.clock.advance(1)
    assert.equal(call.error.code, 'deadline_exceeded')
    assert.equal(call.error.retry, 'if_idempotent')
    assert.equal(seen[0]?.aborted, true)
    assert.equal(server.dispatcher.stats.inFlight, 0)
    assert.equal(server.clock.pending, 0)
    assert.equal(server.errors.events[0]?.error.code, 'deadline_exceeded')
    assert.deepEqual(server.late.events, [])
  })

  it('makes the reply of a handler that goes on a late one, dropped and counted once', async () => {
    const server = new Server((_, ctx) => ctx.clock.sleep(300))
    const call = await server.serve(new Call('shop/quick'))
    await server.clock.advance(300)
    assert.equal(call.error.code, 'deadline_exceeded')
    assert.deepEqual(server.late.events, ['shop/quick'])
    assert.deepEqual(server.dispatcher.stats, { ...stats, served: 1, late: 1 })
    assert.equal(server.errors.events.length, 1)
  })

  it('makes a reply late even when its timer has not run, because the handler held the event loop', async () => {
    const manual = manualClock()
    let heldMs = 0
    const clock: Clock = {
      now: () => manual.now() + heldMs,
      wallNow: () => manual.wallNow(),
      schedule: (...given) => manual.schedule(...given),
      scheduleAt: (...given) => manual.scheduleAt(...given),
      sleep: (...given) => manual.sleep(...given),
    }
    const seen: Context[] = []
    const server = new Server(
      (_, ctx) => {
        seen.push(ctx)
        heldMs = 200
        return 'too late'
      },
      { clock },
    )
    const call = new Call('shop/quick')
    server.dispatcher.dispatch(call, clock.now())
    let told: unknown
    seen[0]?.onAbort((cause) => {
      told = cause
    })
    await manual.settle()
    assert.equal(call.error.code, 'deadline_exceeded')
    assert.equal((told as ServiceError).code, 'deadline_exceeded', 'what the handler still does hears of it')
    assert.equal(server.dispatcher.stats.late, 1)
    assert.equal(manual.pending, 0)
  })
})

describe('a call that its caller calls off', () => {
  it('that was called off just before its deadline has had its deadline: its caller counts from a little earlier', async () => {
    for (const [leftMs, code] of [
      [20, 'deadline_exceeded'],
      [21, 'canceled'],
    ] as const) {
      const server = new Server(never)
      const call = new Call('shop/order', 100)
      const served = server.dispatch(call)
      await server.clock.advance(100 - leftMs)
      served?.cancel()
      assert.equal(call.error.code, code)
    }
  })

  it('is canceled, and so is what is done for it', async () => {
    const seen: Context[] = []
    const server = new Server((_, ctx) => {
      seen.push(ctx)
      return ctx.clock.sleep(100, ctx)
    })
    const call = new Call()
    const served = server.dispatch(call)
    served?.cancel()
    assert.equal(call.error.code, 'canceled')
    assert.equal(seen[0]?.aborted, true)
    await server.clock.settle()
    assert.equal(server.clock.pending, 0)
    assert.deepEqual(server.dispatcher.stats, { ...stats, served: 1 })
    assert.deepEqual(
      server.errors.events.map(({ error }) => error.code),
      ['canceled'],
    )
  })

  it('has its reply dropped and counted', async () => {
    const answer = Promise.withResolvers<unknown>()
    const server = new Server(() => answer.promise)
    const call = new Call()
    server.dispatch(call)?.cancel()
    answer.resolve('too late')
    await server.clock.settle()
    assert.equal(call.error.code, 'canceled')
    assert.deepEqual(server.late.events, ['shop/order'])
  })

  it('stays as it is when it has ended, and twice is once', async () => {
    const server = new Server(() => 1)
    const call = new Call()
    const served = server.dispatch(call)
    await server.clock.settle()
    served?.cancel()
    served?.cancel()
    assert.deepEqual(call.answers, [{ response: 1 }])
    const open = new Server(never)
    const other = new Call()
    const second = open.dispatch(other)
    second?.cancel()
    second?.cancel()
    assert.equal(other.error.code, 'canceled')
    assert.equal(open.errors.events.length, 1)
  })
})

describe('a failure', () => {
  it('of decoding is the caller’s, unless it says otherwise', async () => {
    const server = new Server(() => assert.fail('the handler ran'))
    const known = new ServiceError('resource_exhausted', 'too large')
    for (const thrown of [bug, undefined, known]) {
      const call = new Call()
      call.decode = () => {
        throw thrown
      }
      await server.serve(call)
      if (thrown === known) assert.equal(call.error, known)
      else assert.deepEqual([call.error.code, call.error.cause], ['invalid_argument', thrown])
    }
    assert.equal(server.clock.pending, 0)
    assert.equal(server.dispatcher.stats.inFlight, 0)
  })

  it('of the handler is told as a ServiceError, and the original to those who watch', async () => {
    const known = new ServiceError('not_found')
    for (const thrown of [known, bug, undefined, null, 'text', { code: 'not_found' }]) {
      for (const fail of [
        () => {
          throw thrown
        },
        () => Promise.reject(thrown),
      ]) {
        const server = new Server(fail)
        const call = await server.serve(new Call())
        assert.equal(call.error.code, thrown === known ? 'not_found' : 'internal')
        assert.doesNotMatch(JSON.stringify(call.error), /bug|text/)
        const [event, ...more] = server.errors.events
        assert.deepEqual(more, [])
        assert.equal(event?.thrown, thrown)
        assert.equal(event?.error, call.error)
        assert.equal(event?.method, shop.info.order)
        assert.equal(server.clock.pending, 0)
      }
    }
  })

  it('that a middleware throws in place of a rejection is one like any other', async () => {
    const throwing: Middleware = () => () => {
      throw bug
    }
    const server = new Server(never, { use: [throwing] })
    const call = await server.serve(new Call())
    assert.equal(call.error.code, 'internal')
    assert.equal(server.errors.events[0]?.thrown, bug)
    assert.equal(server.dispatcher.stats.inFlight, 0)
  })

  it('to write the response is internal', async () => {
    const server = new Server(() => 10n)
    const call = new Call()
    call.respond = () => {
      throw bug
    }
    await server.serve(call)
    assert.equal(call.error.code, 'internal')
    assert.equal(server.errors.events[0]?.thrown, bug)
    assert.equal(server.clock.pending, 0)
    assert.equal(server.dispatcher.stats.inFlight, 0)
  })

  it('of a call that the handler made is safe to repeat there, but here only if idempotent', async () => {
    const refused = new ServiceError('unavailable', 'shutting down', { retry: 'safe', details: 7, retryAfterMs: 5 })
    const stock = contract('stock', { reserve: unary.of<unknown, unknown>() })
    const client = clientOf(stock, { connect: () => () => Promise.reject(refused) })
    const server = new Server((_, ctx) => client.reserve(1, ctx))
    const { error } = await server.serve(new Call())
    assert.deepEqual(error.toJSON(), { ...refused.toJSON(), retry: 'if_idempotent' })
    const thrown = server.errors.events[0]?.thrown
    assert.ok(thrown instanceof ServiceError && thrown.cause === refused)
    assert.deepEqual([refused.retry, refused.remote], ['safe', undefined])
  })

  it('of its own that is safe to repeat stays so', async () => {
    const shed = new ServiceError('resource_exhausted', 'too many', { retry: 'safe' })
    const server = new Server(() => Promise.reject(shed))
    assert.equal((await server.serve(new Call())).error, shed)
  })

  it('of a handler whose call has ended is dropped in silence', async () => {
    const answer = Promise.withResolvers<unknown>()
    const server = new Server(() => answer.promise)
    const call = new Call()
    server.dispatch(call)?.cancel()
    answer.reject(bug)
    await server.clock.settle()
    assert.equal(call.error.code, 'canceled')
    assert.equal(server.errors.events.length, 1)
    assert.deepEqual(server.late.events, [])
  })

  it('is printed when nobody watches and it is a fault of the service', async (t) => {
    const print = t.mock.method(console, 'error', () => {})
    const server = new Server(() => Promise.reject(bug), { onError: undefined })
    await server.serve(new Call())
    assert.equal(print.mock.callCount(), 1)
    assert.equal(print.mock.calls[0]?.arguments[1], bug)
  })
})

describe('those who watch', () => {
  it('cannot cost the caller its answer: what they throw surfaces as uncaught', async (t) => {
    const surfaced: (() => void)[] = []
    t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => surfaced.push(run))
    const watch = () => {
      throw bug
    }
    const server = new Server(() => Promise.reject(new ServiceError('not_found')), { onError: watch })
    assert.equal((await server.serve(new Call())).error.code, 'not_found')
    const answer = Promise.withResolvers<unknown>()
    const late = new Server(() => answer.promise, { onLateReply: watch })
    const call = new Call()
    late.dispatch(call)?.cancel()
    answer.resolve(1)
    await late.clock.settle()
    assert.equal(late.dispatcher.stats.late, 1)
    assert.equal(surfaced.length, 2)
    for (const run of surfaced) assert.throws(run, bug)
  })
})

describe('drain', () => {
  it('of an idle server is done at once', async () => {
    const server = new Server(never)
    await server.dispatcher.drain(1_000)
    assert.equal(server.clock.pending, 0)
    assert.equal(server.dispatcher.stats.draining, true)
  })

  it('lets calls in flight end, and refuses new ones as safe to repeat', async () => {
    const answer = Promise.withResolvers<unknown>()
    const server = new Server(() => answer.promise)
    const call = new Call()
    server.dispatch(call)
    let drained = false
    const draining = server.dispatcher.drain(1_000).then(() => {
      drained = true
    })
    for (const method of ['shop/order', 'shop/sell']) {
      const refused = new Call(method)
      assert.equal(server.dispatch(refused), undefined)
      assert.equal(refused.error.code, 'unavailable')
      assert.equal(refused.error.retry, 'safe')
      assert.equal(refused.decoded, 0)
    }
    await server.clock.advance(999)
    assert.equal(drained, false)
    answer.resolve('done')
    await draining
    assert.deepEqual(call.answers, [{ response: 'done' }])
    assert.equal(server.clock.pending, 0)
    assert.deepEqual(server.dispatcher.stats, { ...stats, served: 1, refused: 2, draining: true })
  })

  it('cuts off after the limit what has not ended, unary calls and streams', async () => {
    const server = new Server(never)
    const call = new Call('shop/order', 20_000)
    server.dispatch(call)
    const streaming = await server.serve(new Call('shop/list'))
    const stream = streaming.answers[0]?.stream as AsyncIterable<unknown>
    const next = assert.rejects(stream[Symbol.asyncIterator]().next(), { code: 'unavailable', retry: 'if_idempotent' })
    const draining = server.dispatcher.drain(1_000)
    await server.clock.advance(999)
    assert.equal(server.dispatcher.stats.inFlight, 2)
    await server.clock.advance(1)
    await draining
    await next
    assert.equal(call.error.code, 'unavailable')
    assert.equal(call.error.retry, 'if_idempotent', 'it did run')
    assert.equal(server.clock.pending, 0)
    assert.equal(server.dispatcher.stats.inFlight, 0)
  })

  it('cuts off at once with a limit of 0', async () => {
    const server = new Server(never)
    const call = await server.serve(new Call())
    const draining = server.dispatcher.drain(0)
    await server.clock.advance(0)
    await draining
    assert.equal(call.error.code, 'unavailable')
  })

  it('asked for twice ends for both, at the earlier limit', async () => {
    const server = new Server(never)
    server.dispatch(new Call('shop/order', 20_000))
    const both = [server.dispatcher.drain(10_000), server.dispatcher.drain(100)]
    await server.clock.advance(100)
    await Promise.all(both)
    assert.equal(server.clock.pending, 0)
  })

  it('refuses a limit that makes no sense, and goes on serving', async () => {
    const server = new Server(() => 1)
    for (const limitMs of [-1, Number.NaN]) await assert.rejects(server.dispatcher.drain(limitMs), RangeError)
    assert.deepEqual((await server.serve(new Call())).answers, [{ response: 1 }])
  })
})

describe('mounting', () => {
  const served = endpoints(contract('a', { run: unary.of() }), { run: () => 'a' })

  it('serves several contracts', async () => {
    const other = contract('b', { run: unary.of() })
    const methods = [
      ...mounted(contract('a', { run: unary.of() }), served),
      ...mounted(other, endpoints(other, { run: () => 'b' })),
    ]
    const clock = manualClock()
    const dispatcher = new Dispatcher(methods, { clock })
    const calls = [new Call('a/run'), new Call('b/run')]
    for (const call of calls) dispatcher.dispatch(call, 0)
    await clock.settle()
    assert.deepEqual(
      calls.map(({ answers }) => answers),
      [[{ response: 'a' }], [{ response: 'b' }]],
    )
    assert.equal(dispatcher.clock, clock)
  })

  it('refuses a contract without an endpoint for each method', () => {
    for (const endpoint of [undefined, 5]) {
      assert.throws(() => mounted(shop, { ...served, order: endpoint } as never), {
        name: 'TypeError',
        message: /^contract shop: the endpoint of method order is missing; make them with endpoints\(\)/,
      })
    }
  })

  it('refuses two methods of the same name', () => {
    const methods = mounted(contract('a', { run: unary.of() }), served)
    assert.throws(() => new Dispatcher([...methods, ...methods]), {
      name: 'TypeError',
      message: /same service and name/,
    })
  })
})

describe('whatever happens when, a call', () => {
  const events = ['answers', 'fails', 'cancel', 'time', 'drain', 'cannot be written'] as const

  it('is answered exactly once, as the first thing that ended it says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...events), { maxLength: 8 }), async (story) => {
        const answer = Promise.withResolvers<unknown>()
        const server = new Server(() => answer.promise)
        const call = new Call('shop/quick')
        const respond = call.respond.bind(call)
        let writes = true
        call.respond = (response) => {
          if (!writes) throw bug
          respond(response)
        }
        const served = server.dispatch(call)
        let expected: string | undefined
        let settled = false
        let isLate = false
        const end = (how: string) => {
          expected ??= how
        }
        const draining: Promise<void>[] = []
        for (const event of story) {
          if (event === 'answers') {
            if (!settled && expected !== undefined) isLate = true
            if (!settled) end(writes ? 'ok' : 'internal')
            settled = true
            answer.resolve(1)
          } else if (event === 'fails') {
            if (!settled) end('not_found')
            settled = true
            answer.reject(new ServiceError('not_found'))
          } else if (event === 'cancel') {
            served?.cancel()
            end('canceled')
          } else if (event === 'time') {
            await server.clock.advance(200)
            end('deadline_exceeded')
          } else if (event === 'drain') {
            draining.push(server.dispatcher.drain(0))
            await server.clock.advance(0)
            end('unavailable')
          } else {
            writes = false
          }
          await server.clock.settle()
        }
        await server.clock.advance(200)
        await Promise.all(draining)
        const [given, ...more] = call.answers
        assert.deepEqual(more, [])
        assert.equal(given?.error?.code ?? 'ok', expected ?? 'deadline_exceeded')
        assert.equal(server.late.events.length, isLate ? 1 : 0)
        assert.equal(server.errors.events.length, given?.error === undefined ? 0 : 1)
        assert.equal(server.dispatcher.stats.inFlight, 0)
        assert.equal(server.clock.pending, 0)
      }),
      { numRuns: 200 },
    )
  })
})

describe('a request that takes time to decode', () => {
  it('is handled when it is there, and never when its call has ended meanwhile', async () => {
    const clock = manualClock()
    const slow = contract('slow', { work: unary.of<number, number>() })
    const ran: number[] = []
    const served = endpoints(slow, { work: (n) => ran.push(n) })
    const dispatcher = new Dispatcher(mounted(slow, served), { clock, onError: () => {} })
    const answers: unknown[] = []
    const call = (n: number, deadlineAt: number, decodesAt: number): InboundCall => ({
      method: 'slow/work',
      headers: new Map(),
      peer: 'test',
      deadlineAt,
      decode: async () => {
        await clock.sleep(decodesAt)
        if (n === 3) throw new Error('cut off')
        return n
      },
      respond: () => answers.push(n),
      stream: () => {},
      refuse: ({ code }) => answers.push(code),
    })
    dispatcher.dispatch(call(1, 100, 50), 0)
    dispatcher.dispatch(call(2, 100, 150), 0)
    dispatcher.dispatch(call(3, 100, 60), 0)
    await clock.advance(200)
    assert.deepEqual(ran, [1])
    assert.deepEqual(answers, [1, 'invalid_argument', 'deadline_exceeded'])
    assert.deepEqual([dispatcher.stats.inFlight, clock.pending], [0, 0])
  })
})
